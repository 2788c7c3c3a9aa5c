"""Tells PlatformIO which of the archives in src/ to link, by the flags of the core and of floats, as Arduino does by itself."""

import os
import re

Import("env")  # noqa: F821

flags = env.subst("$ASFLAGS $CCFLAGS $CFLAGS $LINKFLAGS")  # noqa: F821


def flag(name):
    found = re.search(rf"-m{name}=(\S+)", flags)
    return found[1] if found else None


core = flag("cpu") or env.BoardConfig().get("build.mcu", "")  # noqa: F821
core = core.split("+")[0]
# It is run in the library's folder.
source = os.path.abspath("src")
folders = [os.path.join(source, core)]
if flag("float-abi") not in (None, "soft"):
    folders.insert(0, os.path.join(source, core, f"{flag('fpu')}-{flag('float-abi')}"))
found = next((folder for folder in folders if os.path.isfile(os.path.join(folder, "libamc.a"))), None)
if found is None:
    cores = sorted(name for name in os.listdir(source) if os.path.isdir(os.path.join(source, name)))
    raise SystemExit(f"amc has no library for {core or 'this board'} with {flags!r}, but for {', '.join(cores)}")
env.Append(LIBPATH=[found], LIBS=["amc"])  # noqa: F821
