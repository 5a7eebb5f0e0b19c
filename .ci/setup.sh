#!/usr/bin/env bash
# Makes .venv with the pinned set of constraints.txt; `make setup` calls it when something changed.
# Installs missing system packages when it may (root, or sudo without a password), and otherwise
# prints the one command that does. TORCH_INDEX_URL names an index for torch alone.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv
stamp=$venv/.ready
torch=$(grep '^torch==' constraints.txt)

say() { printf 'setup: %s\n' "$*" >&2; }

stop() {
    say "$*"
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if is_new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

can_make_venv() {
    "$python" -c 'import ensurepip, venv' >/dev/null 2>&1
}

# The distribution's name for the package: its own python3 has the plain one.
venv_package() {
    if [ "$("$python" -c 'import os, sys; print(os.path.realpath(sys.executable))')" = \
        "$(readlink -f /usr/bin/python3)" ]; then
        echo python3-venv
    else
        "$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
    fi
}

loads() {
    "$python" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1" >/dev/null 2>&1
}

# Runs a command as root, or fails when that would need a password.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

may_install() {
    command -v apt-get >/dev/null && as_root true >/dev/null 2>&1 </dev/null
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get "$@" </dev/null >&2
}

install_packages() {
    say "installing $*"
    # Lists that are stale or partly out of reach may still be enough to install.
    apt_install update -qq || say "apt-get update failed; trying with the lists that are there"
    apt_install install -y -qq --no-install-recommends "$@"
}

see_to_system() {
    local needed=() wanted=() advice="please run: sudo apt-get install --no-install-recommends"
    can_make_venv || needed+=("$(venv_package)")
    if [ "$(uname -s)" = Linux ]; then
        loads libpangoft2-1.0.so.0 || needed+=(libpangoft2-1.0-0)
        loads libharfbuzz-subset.so.0 || wanted+=(libharfbuzz-subset0)
    elif ! loads libpangoft2-1.0.dylib && ! loads libpangoft2-1.0.0.dylib; then
        say "if the report cannot be made, WeasyPrint lacks Pango; please run: brew install pango"
    fi
    if [ ${#needed[@]} -gt 0 ]; then
        may_install || stop "$advice ${needed[*]}${wanted:+ ${wanted[*]}}"
        install_packages "${needed[@]}" || stop "$advice ${needed[*]}"
    fi
    # Only makes embedded fonts smaller, and older releases hold it in another package.
    if [ ${#wanted[@]} -gt 0 ] && ! loads libharfbuzz-subset.so.0; then
        may_install && install_packages "${wanted[@]}" || say "for smaller PDFs, $advice ${wanted[*]}"
    fi
}

make_venv() {
    if ! is_new_enough "$venv/bin/python" || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        say "making $venv with $("$python" --version)"
        "$python" -m venv --clear "$venv"
    fi
}

install_pinned() {
    local pip=("$venv/bin/python" -m pip install --disable-pip-version-check)
    [ -t 2 ] || pip+=(--quiet) # a terminal sees the progress bars
    # torch first and alone: the other requirements could drag in a second, much larger build of it.
    say "installing $torch${TORCH_INDEX_URL:+ from $TORCH_INDEX_URL}"
    "${pip[@]}" ${TORCH_INDEX_URL:+--index-url "$TORCH_INDEX_URL"} "$torch"
    say "installing the set of constraints.txt"
    "${pip[@]}" -c constraints.txt -e '.[dev,seal]'
    # Carries axe-core, for the tests of the HTML edition; the browsers that it asks for are not needed.
    "${pip[@]}" -c constraints.txt --no-deps axe-playwright-python
}

rm -f "$stamp"
python=$(find_python) ||
    stop "Python 3.11 or newer is needed; please run: sudo apt-get install python3.11 python3.11-venv"
see_to_system
make_venv
install_pinned
touch "$stamp"
say "done"
