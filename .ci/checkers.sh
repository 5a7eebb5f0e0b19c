#!/usr/bin/env bash
# Installs the programs that check our reports: qpdf, poppler's, what veraPDF's engine needs of Java,
# and a browser for the HTML edition. Where it may not install them it says so, and the tests that
# need them are skipped.
set -euo pipefail

packages=()
command -v qpdf >/dev/null || packages+=(qpdf)
command -v pdfinfo >/dev/null || packages+=(poppler-utils)
command -v chromium >/dev/null || packages+=(chromium)
command -v javac >/dev/null || packages+=(default-jdk-headless)
[ -e /usr/share/java/jaxb-runtime.jar ] || packages+=(libjaxb-java libactivation-java)
[ ${#packages[@]} -gt 0 ] || exit 0

root=(env)
[ "$(id -u)" -eq 0 ] || root=(sudo -n)
install() {
    command -v apt-get >/dev/null && "${root[@]}" true >/dev/null 2>&1 || return 1
    "${root[@]}" apt-get update -qq || true # older lists may be enough
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${packages[@]}"
}
install </dev/null >&2 || echo "tests of the files of a report are skipped without: ${packages[*]}" >&2
