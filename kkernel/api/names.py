"""The names of the api, known before torch is loaded."""

from __future__ import annotations

NAMES: frozenset[str] = frozenset("""
Abs Acos adaptavg1d adaptavg2d adaptavg3d adaptmax1d adaptmax2d adaptmax3d add addbmm addcdiv
addcmul addmm addmv addr addref alias All allclose amax amend amin aminmax angle Any argmax
argmin argsort Asin Atan atan2 avgparms avgpool1d avgpool2d avgpool3d backstep backward baddbmm
bartlett batch batchinit batchnorm bce bcelogit1 bcelogit2 bernoulli bilinear bincount
bitwisenot blackman bmm buffer buffernames buffers bytes callbacks cat cauchy ce ceil celu child
childnames children chol cholinverse cholsolve cholx clamp class clip clipv clone close coalesce
coalesced config contiguous copyparms copyto Cos cosh cosineloss Cross ctc cudadevice
cudadevices cumprod cumsum data datasize defined dense densedim det detach detail device diag
diagflat diagonal dict digamma dim dirac dist Div dot dtype dv eforward eig eigh eigvals
eigvalsh elements elu eq equal erf erfc erfinv evaluate Exp expand expm1 exponential eye fft
fft2 fftfreq fftn fftshift fill filldiagonal finite flatten Flip Floor fmax fmaxpool2d
fmaxpool3d fmin fmod fnorm fold forward fpow frac free freeze gain ge geometric glu grad
gradflag gradfn gradient gt hamming hann hardshrink hardtanh help hfft hfft2 hfftn hinge histc
householder huber ifft ifft2 ifftn ifftshift ihfft ihfft2 ihfftn imag In index indices inf info
input inputmodule interpolate inverse irfft irfft2 irfftn isreal itemsize kaiser kforward kl
knormal kthvalue ktype kuniform l1 layout le leaf leakyrelu lerp lgamma linear Log log10 log1p
log2 logdet lognormal logsigmoid logsoftmax logsumexp loss lppool1d lppool2d lr lstsq lt lu lun
lusolve lux makegrid mapped margin matmul Max maximum maxpool1d maxpool2d maxpool3d mean meanstd
meanvar median memory Min minimum mm mmt mnorm mode model module modules moduletypes mrank mse
msort mtm mul multidot multilabel multimargin multinomial multisoft mv mvlgamma names nan
nanmean nanmedian nansum narrow ne Neg neginf nforward nll nnorm nnz nograd normal normalize Not
numel obj objtype offset onehot ones opt options orthogonal outer outputmodule pad pairwise parm
parmnames parms parmtypes pdist permute pinned pinverse png poissonloss posinf pow power prelu
prod ptr qr random randomcrop randomflip real Reciprocal ref relu relu6 remainder renorm reset
reshape resize resolve restore result return rfft rfft2 rfftfreq rfftn roll round rrelu rsqrt
run same seed selu seq setting sgn shuffle sigmoid sign similar Sin sinh size slogdet smoothl1
snormal softmargin softmax softmin softplus softshrink softsign solve sort sparse sparsedim
sparseflag sparseindex sptr Sqrt squeeze sref stack state std step str stride Sum svd svdvals
sync Tan tanh tanhshrink target tensor tensorcount tensordot test testbatch testdata testinit
testinput testrestore testrun testsize testtarget threshold to topk trace train training
transpose tree tril triplet trisolve triu trunc unfold unfreeze uniform unique uniquec unshuffle
unsqueeze use values variance vector version View vnorm weakref xnormal xor xuniform zerograd
zeros zscore
""".split())
