#!/bin/sh
# Installs what the tests need from the system, by apt where that is there. No service is enabled or
# started: packages that bring one are told not to while they are being installed.
set -eu

# program<space>Debian package, one per line. A program that is there already is left alone.
NEEDED='chromium chromium'

missing=''
packages=''
while read -r program package; do
  if command -v "$program" >/dev/null 2>&1; then
    echo "test:setup: $program is there: $(command -v "$program")"
  else
    missing="$missing $program"
    packages="$packages $package"
  fi
done <<LIST
$NEEDED
LIST

[ -n "$missing" ] || { echo 'test:setup: nothing to install'; exit 0; }

if ! command -v apt-get >/dev/null 2>&1; then
  echo "test:setup: missing:$missing. There is no apt here, so nothing was installed; with it this would run: apt-get install$packages"
  echo 'test:setup: install them by hand; until then the tests that need them are skipped with the reason.'
  exit 0
fi

as_root=''
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null 2>&1 || {
    echo "test:setup: missing:$missing, and this is not root. Run as root: apt-get install$packages"
    exit 0
  }
  as_root='sudo'
fi

# Debian asks this file before it starts a service; 101 means no. One that exists is somebody's choice.
policy=/usr/sbin/policy-rc.d
made_policy=''
if [ ! -e "$policy" ]; then
  made_policy=yes
  printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
  $as_root chmod 755 "$policy"
fi
remove_policy() { [ -z "$made_policy" ] || $as_root rm -f "$policy"; }
trap remove_policy EXIT

$as_root apt-get update -qq
# shellcheck disable=SC2086 # the list is meant to be split
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
for program in $missing; do
  command -v "$program" >/dev/null 2>&1 || { echo "test:setup: $program is still missing after apt-get install$packages"; exit 1; }
  echo "test:setup: installed $program"
done
