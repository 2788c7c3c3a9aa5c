#!/usr/bin/env python3
"""What people would take instead: how much Adam, CMA-ES, OpenAI-ES, SPSA and PGPE compute to come to the same losses.

    python3 -m venv venv && venv/bin/pip install torch cma numpy
    venv/bin/python benches/methods.py                            # goes on where it was interrupted; an hour and a half
    venv/bin/python benches/methods.py --task xor --method SPSA   # some of it; both may be given more than once

Tasks, losses, budgets and seeds are those of `amc-methods` (amc-reproduce/src/methods): each setting of a method is
tried on the seeds 1 to 3, and the best, by how many fail and then by the median of passes, runs on 101 to 109. Runs
that cannot change this choice are left out; and where no setting of a method comes to the loss on seed 1, nor the one
that came nearest on the seeds 2 and 3, it is not run further. All start from PyTorch's own initial parameters.

An evaluation of all samples is a pass and a gradient three, a minibatch counts its share, and looking at the loss in
order to know when to stop counts nothing. Seconds are the processor's, on one thread. A run is over when the loss is
reached, by any of the nets evaluated or by the centre that they are drawn around; when its passes are spent; when a
loss is not finite; or when it has taken --limit seconds: such runs have failed, too, and are told as stopped.
"""
import argparse
import csv
import functools
import itertools
import math
import os
import pathlib
import statistics
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cma  # noqa: E402
import numpy  # noqa: E402
import torch  # noqa: E402
from cma.restricted_gaussian_sampler import GaussVDSampler  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]
GRID_SEEDS = range(1, 4)
SEEDS = range(101, 110)
KEYS = ["task", "method", "setting", "seed"]
NUMBERS = ["loss", "moves", "multiply_adds", "passes", "seconds"]
COLUMNS = [*KEYS, "reached", *NUMBERS, "note"]


def digits():
    """The 1,437 digits that are trained on, as amc-engine/src/data.rs has them."""
    raw = numpy.fromfile(ROOT / "data" / "digits.u8", numpy.uint8)
    values, labels = raw[: 1797 * 64].reshape(1797, 64), raw[1797 * 64 :]
    return values[:1437] / 16, numpy.eye(10)[labels[:1437]]


XOR = numpy.array([[0, 0], [0, 1], [1, 0], [1, 1]]), numpy.array([[0], [1], [1], [0]])
T = numpy.arange(1000)[:, None] / 999
STEP = T, numpy.where((T > 0.5) & (T < 0.75), 0.5, 0.0)
LOG_SINE = T, numpy.log1p(5 * T) + numpy.sin(20 * math.pi * T) / 10

# Loss to come to, budget in passes, inputs and units, last activation, samples; in the order in which they are run.
TASKS = {
    "xor": (0.01, 20_000, [2, 3, 1], "tanh", XOR),
    "sine": (1e-4, 100_000, [1, 10, 10, 1], "linear", (T, numpy.sin(2 * math.pi * T))),
    "digits": (1e-3, 40_000, [64, 16, 10], "softmax", digits()),
    "log-sine": (1e-3, 200_000, [1, 100, 1], "linear", LOG_SINE),
    "step-16": (0.01, 60_000, [1] + [4] * 15 + [10, 1], "tanh", STEP),
    "digits-deep": (3e-3, 20_000, [64, 64, 64, 10], "softmax", digits()),
    "step-64": (0.01, 60_000, [1] + [4] * 63 + [10, 1], "tanh", STEP),
}


class Problem:
    """A task's net, of parameters in one vector as PyTorch orders them, and its samples."""

    # Activations of a layer that are computed at once: as many nets as fit the second-level cache.
    BLOCK = 600_000

    def __init__(self, name):
        self.loss, self.budget, self.sizes, self.last, data = TASKS[name]
        self.name, self.shapes = name, list(zip(self.sizes, self.sizes[1:]))
        # Features and outputs first: then what is added to a layer is a column, and its activations are in a row.
        self.exact = [numpy.ascontiguousarray(numbers.T, float) for numbers in data]
        self.inputs, self.targets = (torch.tensor(numbers, dtype=torch.float32) for numbers in self.exact)
        self.samples = self.inputs.shape[1]
        self.weights = sum(fan_in * units for fan_in, units in self.shapes)
        self.parameters = self.weights + sum(self.sizes[1:])
        self.block = max(2, self.BLOCK // (max(self.sizes[1:]) * self.samples))
        self.check()

    def module(self, seed):
        """The net as PyTorch has it, with its own initial parameters."""
        torch.manual_seed(seed)
        layers = []
        for fan_in, units in self.shapes:
            layers += [torch.nn.Linear(fan_in, units), torch.nn.Tanh()]
        ends = {"tanh": [layers[-1]], "linear": [], "softmax": [torch.nn.Softmax(dim=1)]}
        return torch.nn.Sequential(*layers[:-1], *ends[self.last])

    def initial(self, seed):
        """The initial parameters; what is drawn after them goes on from the same seed."""
        return torch.nn.utils.parameters_to_vector(self.module(seed).parameters()).detach()

    def losses(self, nets):
        """The mean-squared errors, over samples and outputs, of nets whose parameters are the rows."""
        return torch.cat([self.losses_of_block(block) for block in nets.split(self.block)])

    def losses_of_block(self, nets):
        signals, at = self.inputs, 0
        for fan_in, units in self.shapes:
            weights = nets[:, at : at + fan_in * units].reshape(-1, units, fan_in)
            at += fan_in * units
            biases = nets[:, at : at + units].unsqueeze(2)
            at += units
            if signals is self.inputs:
                # The same for all nets: their first layers are one matrix.
                product = torch.addmm(biases.reshape(-1, 1), weights.reshape(-1, fan_in), signals)
                signals = product.view(-1, units, self.samples)
            else:
                signals = torch.baddbmm(biases, weights, signals)
            if at < self.parameters or self.last == "tanh":
                # Six times as fast as PyTorch's, and as exact.
                numpy.tanh(signals.numpy(), out=signals.numpy())
        if self.last == "softmax":
            signals = torch.softmax(signals, 1)
        return (signals - self.targets).square_().mean((1, 2))

    def check(self):
        """Losses must be those of a calculation by hand in double precision, and of PyTorch's own module."""
        rows = torch.stack([scale * self.initial(seed) for seed, scale in [(1, 1), (2, 1), (3, 3)]])
        for row, loss in zip(rows, self.losses(rows).tolist(), strict=True):
            signals, rest = self.exact[0], row.double().numpy()
            for fan_in, units in self.shapes:
                weights, biases, rest = numpy.split(rest, [fan_in * units, (fan_in + 1) * units])
                signals = weights.reshape(units, fan_in) @ signals + biases[:, None]
                if len(rest) or self.last == "tanh":
                    signals = numpy.tanh(signals)
            if self.last == "softmax":
                signals = numpy.exp(signals) / numpy.exp(signals).sum(0)
            by_hand = ((signals - self.exact[1]) ** 2).sum() / signals.size
            module = self.module(1)
            torch.nn.utils.vector_to_parameters(row, module.parameters())
            by_module = torch.nn.functional.mse_loss(module(self.inputs.T), self.targets.T).item()
            for other in by_hand, by_module:
                assert math.isclose(loss, other, rel_tol=1e-5), (self.name, loss, other)


# Each method yields for a step its passes, the least loss it evaluated and the parameters to look at, or None.


def adam(problem, seed, rate, batch):
    """PyTorch's Adam; `batch` samples a step, each once an epoch, or all where it is None."""
    module = problem.module(seed)
    optimizer = torch.optim.Adam(module.parameters(), lr=rate, fused=True)
    inputs, targets = problem.inputs.T.contiguous(), problem.targets.T.contiguous()
    for epoch in itertools.count(1):
        batches = [(inputs, targets)]
        if batch:
            batches = ((inputs[part], targets[part]) for part in torch.randperm(problem.samples).split(batch))
        seen = 0
        for x, y in batches:
            with torch.enable_grad():
                optimizer.zero_grad()
                torch.nn.functional.mse_loss(module(x), y).backward()
            optimizer.step()
            seen += len(x)
            # Looked at as often as `amc-methods` does.
            is_due = seen == problem.samples and (batch or epoch % 5 == 0)
            centre = torch.nn.utils.parameters_to_vector(module.parameters()) if is_due else None
            yield 3 * len(x) / problem.samples, None, centre


def cma_es(options, problem, seed, sigma):
    """pycma with its own population; what it would stop for is not heeded."""
    centre = problem.initial(seed).double().numpy()
    strategy = cma.CMAEvolutionStrategy(centre, sigma, options({"seed": seed, "verbose": -9}))
    while True:
        rows = strategy.ask()
        losses = problem.losses(torch.tensor(numpy.array(rows), dtype=torch.float32))
        strategy.tell(rows, losses.tolist())
        yield len(rows), losses.min().item(), torch.tensor(strategy.mean, dtype=torch.float32)


def utilities(losses):
    """Centred ranks: a half for the least loss, minus a half for the largest."""
    found = torch.empty_like(losses)
    found[losses.argsort()] = torch.linspace(0.5, -0.5, len(losses))
    return found


def openai_es(problem, seed, sigma, rate, pairs=50):
    """Evolution strategies of Salimans et al. (2017): mirrored Gaussians of a fixed width, ranks, Adam."""
    centre = problem.initial(seed)
    optimizer = torch.optim.Adam([centre], lr=rate)
    while True:
        moves = torch.randn(pairs, problem.parameters)
        losses = problem.losses(torch.cat([centre + sigma * moves, centre - sigma * moves]))
        up, down = utilities(losses).chunk(2)
        centre.grad = (down - up) @ moves / (2 * pairs * sigma)
        optimizer.step()
        yield 2 * pairs, losses.min().item(), centre


def spsa(problem, seed, c, rate):
    """Spall's (1992) gradient from two evaluations, all parameters moved by c one way or the other; Adam."""
    centre = problem.initial(seed)
    optimizer = torch.optim.Adam([centre], lr=rate, fused=True)
    for step in itertools.count(1):
        signs = torch.randint(0, 2, (problem.parameters,)) * 2.0 - 1
        losses = problem.losses(torch.stack([centre + c * signs, centre - c * signs]))
        centre.grad = (losses[0] - losses[1]) / (2 * c) * signs
        optimizer.step()
        yield 2, losses.min().item(), centre if step % 5 == 0 else None


def pgpe(problem, seed, sigma, speed, pairs=50):
    """PGPE of Sehnke et al. (2010), mirrored, its centre moved by ClipUp (Toklu et al., 2020), a momentum of 0.9 and a
    rate of half of the longest step. That is `speed` times the radius of the first population."""
    centre, widths = problem.initial(seed), torch.full((problem.parameters,), sigma)
    longest, velocity = speed * sigma * math.sqrt(problem.parameters), torch.zeros(problem.parameters)
    while True:
        moves = widths * torch.randn(pairs, problem.parameters)
        losses = problem.losses(torch.cat([centre + moves, centre - moves]))
        up, down = utilities(losses).chunk(2)
        gradient = (up - down) @ moves / (2 * pairs)
        velocity = 0.9 * velocity + 0.5 * longest * gradient / gradient.norm().clamp(min=1e-30)
        velocity *= min(1.0, longest / velocity.norm().item())
        centre = centre + velocity
        wider = ((up + down) / 2) @ ((moves**2 - widths**2) / widths) / pairs
        widths = (widths + 0.1 * wider).clamp(0.8 * widths, 1.2 * widths)
        yield 2 * pairs, losses.min().item(), centre


def product(**choices):
    """All settings that take one of each of the choices."""
    return [dict(zip(choices, chosen)) for chosen in itertools.product(*choices.values())]


SIGMAS = product(sigma=[0.1, 0.3, 1])
METHODS = {
    "Adam": (adam, product(rate=[0.003, 0.01, 0.03], batch=[None, 64])),
    "sep-CMA": (functools.partial(cma_es, lambda options: options | {"CMA_diagonal": True}), SIGMAS),
    "VD-CMA": (functools.partial(cma_es, GaussVDSampler.extend_cma_options), SIGMAS),
    "CMA": (functools.partial(cma_es, dict), SIGMAS),
    "OpenAI-ES": (openai_es, product(sigma=[0.02, 0.1], rate=[0.01, 0.03, 0.1])),
    "SPSA": (spsa, product(c=[0.001, 0.01], rate=[0.003, 0.01, 0.03])),
    "PGPE": (pgpe, product(sigma=[0.05, 0.2], speed=[0.02, 0.07, 0.2])),
}


def settings_of(problem, method):
    """Those that make sense for a task."""
    if method == "CMA" and problem.parameters > 200:
        return []  # It factors a matrix of their number squared.
    return [setting for setting in METHODS[method][1] if (setting.get("batch") or 0) < problem.samples]


def name_of(setting):
    return ", ".join(f"{key} {value}" for key, value in setting.items() if value is not None)


def run(problem, method, setting, seed, limit):
    """Trains; returns what it took."""
    steps = METHODS[method][0](problem, seed, **setting)
    loss, moves, passes, seconds, note = math.inf, 0, 0.0, 0.0, ""
    while loss > problem.loss and passes < problem.budget:
        begun = time.process_time()
        spent, least, centre = next(steps)
        seconds += time.process_time() - begun
        moves, passes = moves + 1, passes + spent
        found = [least, None if centre is None else problem.losses(centre[None]).item()]
        found = [value for value in found if value is not None]
        if not all(map(math.isfinite, found)):
            loss, note = math.inf, "not finite"
            break
        loss = min(found, default=loss)
        if seconds > limit and loss > problem.loss:
            note = f"stopped after {limit:g} s"
            break
    record = {"task": problem.name, "method": method, "setting": name_of(setting), "seed": seed, "note": note}
    record |= {"reached": loss <= problem.loss, "loss": loss, "moves": moves, "passes": passes, "seconds": seconds}
    return record | {"multiply_adds": passes * problem.weights}


class Records:
    """Runs that are finished, kept in a file to which each is appended."""

    def __init__(self, path):
        self.path, self.all = path, {}
        path.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text() if path.exists() else ""
        if not text.endswith("\n"):
            # The line that an interruption cut off, or the heading of a new file.
            text = text[: text.rfind("\n") + 1] or ",".join(COLUMNS) + "\n"
            path.write_text(text)
        for row in csv.DictReader(text.splitlines()):
            numbers = {key: float(row[key]) for key in NUMBERS}
            self.keep(row | numbers | {"seed": int(row["seed"]), "reached": row["reached"] == "True"})

    def keep(self, record):
        self.all[tuple(record[key] for key in KEYS)] = record

    def put(self, record):
        self.keep(record)
        with self.path.open("a", newline="") as file:
            csv.DictWriter(file, COLUMNS, lineterminator="\n").writerow(record)

    def get(self, problem, method, setting, seeds):
        """Those that there are."""
        keys = ((problem.name, method, name_of(setting), seed) for seed in seeds)
        return [self.all[key] for key in keys if key in self.all]


def failures(records):
    return sum(not record["reached"] for record in records)


def median(records, number):
    return statistics.median(record[number] if record["reached"] else math.inf for record in records)


def best(records, problem, method):
    """The setting that did best on all seeds of the grid."""

    def rank(setting):
        tried = records.get(problem, method, setting, GRID_SEEDS)
        return failures(tried), median(tried, "passes")

    settings = settings_of(problem, method)
    whole = [s for s in settings if len(records.get(problem, method, s, GRID_SEEDS)) == len(GRID_SEEDS)]
    return min(whole, key=rank, default=None)


def work(records, problem, method, limit):
    """Makes the runs that are missing."""
    settings, (first, *others) = settings_of(problem, method), GRID_SEEDS

    def failed(setting):
        return failures(records.get(problem, method, setting, GRID_SEEDS))

    def make(setting, seeds):
        for seed in seeds:
            if not records.get(problem, method, setting, [seed]):
                record = run(problem, method, setting, seed, limit)
                records.put(record)
                told = [f"{record[key]:.3g} {key}" for key in ["loss", "passes", "seconds"]]
                print(*(record[key] for key in [*KEYS, "reached"]), *told, record["note"], flush=True)

    for setting in settings:
        make(setting, [first])
    # Where none comes to the loss, the one that came nearest is tried on the other seeds, and gives up for all.
    nearest = min(settings, key=lambda setting: records.get(problem, method, setting, [first])[0]["loss"])
    if all(map(failed, settings)):
        make(nearest, others)
        if failed(nearest) == len(GRID_SEEDS):
            return
    for setting in sorted(settings, key=failed):
        for seed in others:
            # One that has failed more often than another cannot be the best any more.
            leader = best(records, problem, method)
            if not leader or failed(setting) <= failed(leader):
                make(setting, [seed])
    make(best(records, problem, method), SEEDS)


def short(number):
    """Three digits, or what stands for more than half of the runs failing."""
    units = [(math.inf, "–"), (1e6, f"{number * 1e-6:.1f}M"), (1e4, f"{number * 1e-3:.0f}k"), (10, f"{number:,.0f}")]
    return next((text for least, text in units if number >= least), f"{number:.2f}")


def row(records, problem, method):
    """A line of the table, if its runs are made."""
    chosen = best(records, problem, method)
    if not chosen:
        return None
    title, runs = f"{method}, {name_of(chosen)}", records.get(problem, method, chosen, SEEDS)
    if not runs:
        tried = [records.get(problem, method, setting, GRID_SEEDS) for setting in settings_of(problem, method)]
        title, runs = f"{method}, any of the {len(tried)}", sum(tried, [])
        if failures(runs) < len(runs):
            return None
    stopped = sum(record["note"].startswith("stopped") for record in runs)
    failed = f"{failures(runs)} of {len(runs)}" + (f", {stopped} stopped" if stopped else "")
    cells = [short(median(runs, number)) for number in ["multiply_adds", "passes", "seconds"]]
    return f"| {problem.name} | {title} | {failed} | {' | '.join(cells)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", action="append", choices=TASKS)
    parser.add_argument("--method", action="append", choices=METHODS)
    parser.add_argument("--limit", type=float, default=30, help="seconds after which a run is stopped (%(default)s)")
    parser.add_argument("--records", type=pathlib.Path, default=ROOT / "target" / "method-peers" / "records.csv")
    parser.add_argument("--table", action="store_true", help="only print what is recorded")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    records = Records(args.records)
    problems = [Problem(task) for task in TASKS if task in (args.task or TASKS)]
    # PyTorch imports much at the first step of an optimizer.
    next(adam(problems[0], 1, 0.01, None))
    pairs = [pair for pair in itertools.product(problems, args.method or METHODS) if settings_of(*pair)]
    for pair in [] if args.table else pairs:
        work(records, *pair, args.limit)
    print("| task | method | failed | multiply-adds a sample | passes | seconds |", "| --- " * 6 + "|", sep="\n")
    print(*filter(None, (row(records, *pair) for pair in pairs)), sep="\n")


main()
