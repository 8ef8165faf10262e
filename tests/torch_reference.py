"""What PyTorch gives for the samples of the declarations, written down independently of them.

Each entry takes the arguments of a sample (tensors, numbers, lists of longs, flags, symbols as
strings) and calls torch as a reader of its manual would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

T = torch
REFERENCE: dict[str, Callable[..., Any]] = {}


def _add(names: str, module: Any, **renamed: str) -> None:
    for name in names.split():
        REFERENCE[name] = getattr(module, renamed.get(name, name))


# pointwise
for _name in ("Abs", "Acos", "Asin", "Atan", "Cos", "Exp", "Floor", "Log", "Neg", "Reciprocal",
              "Sin", "Sqrt", "Tan"):
    REFERENCE[_name] = getattr(T, _name.lower())
_add("angle ceil cosh digamma erf erfc erfinv expm1 frac lgamma log10 log1p log2 round rsqrt "
     "sigmoid sgn sign sinh tanh trunc atan2 fmod mul remainder lerp mvlgamma", T)
_add("bitwisenot Not Div xor fpow pow", T, bitwisenot="bitwise_not", Not="logical_not",
     Div="div", xor="logical_xor", fpow="float_power")
REFERENCE["add"] = lambda x, y, m=1: T.add(x, y, alpha=m)
REFERENCE["addcmul"] = lambda x, y, z, m=1: T.addcmul(x, y, z, value=m)
REFERENCE["addcdiv"] = lambda x, y, z, m=1: T.addcdiv(x, y, z, value=m)
REFERENCE["clamp"] = lambda x, lo, hi: x.clamp(None if lo == -2**63 else lo, hi)

# compare
_add("eq ge gt le lt ne fmax fmin maximum minimum msort equal argsort topk kthvalue", T)
_add("finite inf nan neginf posinf In", T, finite="isfinite", inf="isinf", nan="isnan",
     neginf="isneginf", posinf="isposinf", In="isin")


def _tolerant(run: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, y: Any, *rest: Any) -> Any:
        nan = next((r for r in rest if isinstance(r, bool)), False)
        numbers = [r for r in rest if not isinstance(r, bool)]
        return run(x, y, *numbers, equal_nan=nan)

    return call


REFERENCE["close"] = _tolerant(T.isclose)
REFERENCE["allclose"] = _tolerant(T.allclose)


def _flagged(run: Callable[..., Any], word: str, dim: int = -1) -> Callable[..., Any]:
    """x, then a dimension or flag in any combination."""

    def call(x: Any, *rest: Any) -> Any:
        flags = [r for r in rest if isinstance(r, bool)]
        dims = [r for r in rest if not isinstance(r, bool)]
        return run(x, dim=dims[0] if dims else dim, **{word: bool(flags and flags[0])})

    return call


REFERENCE["sort"] = _flagged(T.sort, "descending")
REFERENCE["topk"] = lambda x, k, *r: T.topk(
    x, k, dim=next((v for v in r if not isinstance(v, bool)), -1),
    largest=next((v for v in r if isinstance(v, bool)), True))


# reduce
def _over(run: Callable[..., Any]) -> Callable[..., Any]:
    """x, then dimensions, keepdim flag and data type symbol, each optional."""

    def call(x: Any, *rest: Any) -> Any:
        o: dict[str, Any] = {}
        for r in rest:
            if isinstance(r, bool):
                o["keepdim"] = r
            elif isinstance(r, str):
                o["dtype"] = {"double": T.float64, "float": T.float32}[r]
            else:
                o["dim"] = r
        return run(x, **o)

    return call


for _name, _run in {"Sum": T.sum, "mean": T.mean, "nanmean": T.nanmean, "nansum": T.nansum,
                    "prod": T.prod, "amax": T.amax, "amin": T.amin, "logsumexp": T.logsumexp,
                    "argmax": T.argmax, "argmin": T.argmin, "Max": T.max, "Min": T.min,
                    "All": T.all, "Any": T.any, "mode": T.mode, "median": T.median,
                    "nanmedian": T.nanmedian}.items():
    REFERENCE[_name] = _over(_run)
REFERENCE["aminmax"] = lambda x, d=None: (
    T.stack(tuple(T.aminmax(x))) if d is None else T.aminmax(x, dim=d))


def _spread(run: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, *rest: Any) -> Any:
        flags = [r for r in rest if isinstance(r, bool)]
        dims = next((r for r in rest if not isinstance(r, bool)), None)
        x = x if x.is_floating_point() or x.is_complex() else x.float()  # unlike torch
        return run(x, dims, unbiased=flags[0] if flags else True,
                   keepdim=flags[1] if len(flags) > 1 else False)

    return call


REFERENCE["std"], REFERENCE["variance"] = _spread(T.std), _spread(T.var)
REFERENCE["meanstd"] = lambda *a: T.stack(_spread(T.std_mean)(*a)[::-1])
REFERENCE["meanvar"] = lambda *a: T.stack(_spread(T.var_mean)(*a)[::-1])
REFERENCE["fnorm"] = lambda x, d=(-2, -1), k=False: T.linalg.matrix_norm(x, "fro", tuple(d), k)
REFERENCE["nnorm"] = lambda x, d=(-2, -1), k=False: T.linalg.matrix_norm(x, "nuc", tuple(d), k)
REFERENCE["mnorm"] = lambda x, o="fro": T.linalg.matrix_norm(x, o)
REFERENCE["vnorm"] = lambda x, o=2, d=None: T.linalg.vector_norm(x, o, d)
REFERENCE["dist"] = T.dist


def _unique(x: Any, *rest: Any) -> Any:
    flags = [r for r in rest if isinstance(r, bool)] + [True, False, False]
    dim = next((r for r in rest if not isinstance(r, bool)), None)
    given = sum(isinstance(r, bool) for r in rest)
    on = (flags[:given] + [True, False, False][given:])[:3]
    return T.unique(x, sorted=on[0], return_inverse=on[1], return_counts=on[2], dim=dim)


REFERENCE["unique"] = _unique
REFERENCE["uniquec"] = lambda x, i=False, c=False: T.unique_consecutive(x, i, c)

# linear algebra
_add("bmm dot outer matmul mm mv addbmm addmm addmv addr baddbmm det logdet slogdet", T)
for _name in ("addbmm", "addmm", "addmv", "addr", "baddbmm"):
    def _scaled(x: Any, y: Any, z: Any, beta: float = 1, alpha: float = 1,
                run: Any = getattr(T, _name)) -> Any:  # noqa: B008
        return run(x, y, z, beta=beta, alpha=alpha)

    REFERENCE[_name] = _scaled
REFERENCE["mmt"] = lambda x, y: x @ y.T
REFERENCE["mtm"] = lambda x, y: x.T @ y
REFERENCE["householder"] = T.linalg.householder_product
REFERENCE["multidot"] = lambda x, y, z: T.linalg.multi_dot((x, y, z))
REFERENCE["Cross"] = T.linalg.cross
REFERENCE["inverse"] = T.linalg.inv
REFERENCE["power"] = T.linalg.matrix_power
REFERENCE["mrank"] = lambda x, *t: T.linalg.matrix_rank(
    x, **dict(zip(("atol", "rtol"), [v for v in t if not isinstance(v, bool)], strict=False)))
REFERENCE["pinverse"] = lambda x, *t: T.linalg.pinv(
    x, **dict(zip(("atol", "rtol"), [v for v in t if not isinstance(v, bool)], strict=False)))
REFERENCE["chol"] = lambda x, u=False: T.linalg.cholesky(x, upper=u)
REFERENCE["cholx"] = lambda x, u=False: T.linalg.cholesky_ex(x, upper=u)
REFERENCE["cholinverse"] = T.cholesky_inverse
REFERENCE["cholsolve"] = T.cholesky_solve
REFERENCE["lu"], REFERENCE["lux"] = T.linalg.lu_factor, T.linalg.lu_factor_ex
REFERENCE["qr"] = T.linalg.qr
REFERENCE["svd"], REFERENCE["svdvals"] = T.linalg.svd, T.linalg.svdvals
REFERENCE["eig"], REFERENCE["eigvals"] = T.linalg.eig, T.linalg.eigvals
REFERENCE["eigh"] = lambda x, u=False: T.linalg.eigh(x, "U" if u else "L")
REFERENCE["eigvalsh"] = T.linalg.eigvalsh
REFERENCE["solve"] = T.linalg.solve
REFERENCE["trisolve"] = lambda a, b, u: T.linalg.solve_triangular(a, b, upper=u)
REFERENCE["lstsq"] = lambda a, b, d=None: T.linalg.lstsq(a, b, driver=d)

# spectral
for _name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft"):
    for _end in ("", "2", "n"):
        def _transform(x: Any, *rest: Any, run: Any = getattr(T.fft, _name + _end)) -> Any:  # noqa: B008
            norm = next((r for r in rest if isinstance(r, str)), None)
            return run(x, *[r for r in rest if not isinstance(r, str)], norm=norm)

        REFERENCE[_name + _end] = _transform
_add("fftshift ifftshift", T.fft)

# other
_add("cumsum cumprod diag diagflat diagonal tril triu trace histc renorm tensordot", T)
REFERENCE["cumsum"] = lambda x, d=-1, t=None: x.cumsum(d, dtype=T.float64 if t else None)
REFERENCE["cumprod"] = lambda x, d=-1, t=None: x.cumprod(d, dtype=T.float64 if t else None)
REFERENCE["bincount"] = lambda x, *r: T.bincount(
    x, next((v for v in r if isinstance(v, T.Tensor)), None),
    next((v for v in r if isinstance(v, int)), 0))
REFERENCE["Flip"] = lambda x, d: x.flip(d)
REFERENCE["roll"] = T.roll
REFERENCE["tensordot"] = lambda x, y, *d: T.tensordot(
    x, y, 2 if not d else d[0] if len(d) == 1 else ([d[0]], [d[1]]))

# modules as functions
_add("celu elu glu hardshrink hardtanh relu relu6 selu softplus softshrink softsign tanhshrink "
     "logsigmoid threshold softmax softmin linear bilinear normalize pdist interpolate", F)
REFERENCE["leakyrelu"] = F.leaky_relu
REFERENCE["rrelu"] = lambda x: F.rrelu(x, training=False)
REFERENCE["logsoftmax"] = F.log_softmax
REFERENCE["prelu"] = F.prelu
REFERENCE["zscore"] = lambda x, m, s: (x - T.tensor(m, dtype=T.float64)) / T.tensor(
    s, dtype=T.float64)
REFERENCE["pairwise"] = F.pairwise_distance
REFERENCE["similar"] = F.cosine_similarity
REFERENCE["onehot"] = lambda x, n: F.one_hot(x, n).float()
REFERENCE["pad"] = F.pad
REFERENCE["flatten"] = T.flatten
REFERENCE["fold"] = lambda x, out, size: F.fold(x, out, size)
REFERENCE["unfold"] = F.unfold
REFERENCE["randomflip"] = lambda x, p: x.flip(-1)
for _d in (1, 2, 3):
    REFERENCE[f"maxpool{_d}d"] = getattr(F, f"max_pool{_d}d")
    REFERENCE[f"avgpool{_d}d"] = getattr(F, f"avg_pool{_d}d")
    REFERENCE[f"adaptmax{_d}d"] = getattr(F, f"adaptive_max_pool{_d}d")
    REFERENCE[f"adaptavg{_d}d"] = getattr(F, f"adaptive_avg_pool{_d}d")
    if _d < 3:
        REFERENCE[f"lppool{_d}d"] = getattr(F, f"lp_pool{_d}d")
