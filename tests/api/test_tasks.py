"""One program on two processes, started by torchrun, equals one process on the joint batches."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

# every process prints what it has at the end, as json
PROGRAM = """\
seed {seed}
q:module seq(`sequential;(`linear;`a;3;8);`tanh;(`linear;`b;8;2))
l:loss(`mse;`{reduce})
m:model(addref q;l;opt(`{opt};q;{options}))
X:{rows} 3#"e"$sin til 3*{rows}
Y:{rows} 2#"e"$cos til 2*{rows}
train(m;`batchsize`shuffle`shuffleseed`metrics;({width};{shuffle}b;3;`loss`batchloss`output))
train(m;X;Y);
test(m;`batchsize`metrics;({width};`loss`output`matches))
test(m;X;til {rows});
r:{{[i]run m}}each til 3
g:backstep(m;X {part};Y {part})
nograd m;b:backward(m;X {part};Y {part})
w:grad parm(m;`a.weight)
j:.j.j`task`loss`batches`output`step`backward`grad`parms!
  (train(m;`task);r[;0];r[;1];last last r;g;b;w;tensor parm(q;`b.weight))
(hsym`$"{out}/",string[train(m;`task)],".json")0:enlist j
"""
CASES: dict[str, dict[str, Any]] = {
    "sgd": {"opt": "sgd", "options": "(`lr;.1;`momentum;.9)"},
    "adam, shuffled by the seed of the tasks": {"opt": "adam", "options": ".01", "shuffle": 1},
    "an odd number of batches": {"opt": "sgd", "options": ".1", "rows": 20},
    "sum of losses": {"opt": "sgd", "options": ".01", "reduce": "sum"},
    "lbfgs": {"opt": "lbfgs", "options": "(`lr;.1;`iter;3)"},
}


def results(out: Path, processes: int, **words: Any) -> list[dict[str, Any]]:
    """What each process wrote."""
    out.mkdir()
    values = {"seed": 4, "reduce": "mean", "rows": 24, "shuffle": 0, "out": out, **words}
    program = PROGRAM.replace("m:model", "seed 5+\"J\"$getenv`RANK\nm:model") if processes > 1 \
        else PROGRAM
    (out / "program.q").write_text(program.format(**values))
    launch = ["-m", "torch.distributed.run", f"--nproc-per-node={processes}"]
    done = subprocess.run(
        [sys.executable, *(launch if processes > 1 else []), "-m", "kkernel", "program.q"],
        cwd=out, capture_output=True, text=True, timeout=240,
        env={**os.environ, "OMP_NUM_THREADS": "1",
             "PYTHONPATH": str(Path(__file__).resolve().parents[2])})
    assert done.returncode == 0, done.stdout + done.stderr
    return [json.loads((out / f"{i}.json").read_text()) for i in range(processes)]


@pytest.mark.parametrize("case", CASES)
def test_two_processes_train_as_one(tmp_path: Path, case: str) -> None:
    words = CASES[case]
    one, = results(tmp_path / "one", 1, width=8, part="til 8", **words)
    two = results(tmp_path / "two", 2, width=4,
                  part="(4*\"J\"$getenv`RANK)+til 4", **words)
    assert [r["task"] for r in two] == [0, 1]
    for name in ("loss", "output", "step", "backward", "grad", "parms"):
        assert two[0][name] == two[1][name], name
        assert len(flat(two[0][name])) == len(flat(one[name])), name
        # the metric loss is a plain mean over batches, whatever their sizes
        if "shuffle" not in words and (name != "loss" or not {"reduce", "rows"} & set(words)):
            assert flat(two[0][name]) == pytest.approx(flat(one[name]), rel=1e-4, abs=1e-5), name


def flat(x: Any) -> list[float]:
    return [v for part in x for v in flat(part)] if isinstance(x, list) else [x]
