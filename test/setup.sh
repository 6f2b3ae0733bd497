#!/bin/sh
# Installs what the tests need from the system, by apt where that is there. No service is enabled or
# started: packages that bring one are told not to while they are being installed.
set -eu

# program<space>Debian package, one per line; a path stands for a file that is no program. What is there
# already is left alone. apache2-bin is the server without a service or a configuration of its own.
NEEDED='chromium chromium
nginx nginx
haproxy haproxy
caddy caddy
apache2 apache2-bin
/usr/lib/nginx/modules/ngx_nchan_module.so libnginx-mod-nchan'
# Services that come with them. They are kept from starting now, and are not to start with the machine either.
SERVICES='nginx haproxy caddy caddy-api'

# Programs of /usr/sbin are found by whoever is not root, too.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

is_there() {
  case $1 in
    /*) [ -e "$1" ] ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
  esac
}
where() {
  case $1 in
    /*) echo "$1" ;;
    *) command -v "$1" ;;
  esac
}

missing=''
packages=''
while read -r program package; do
  if is_there "$program"; then
    echo "test:setup: $program is there: $(where "$program")"
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

# A service that is there already is somebody's, and stays as it is.
new_services=''
for service in $SERVICES; do
  [ -e "/lib/systemd/system/$service.service" ] || [ -e "/etc/init.d/$service" ] || new_services="$new_services $service"
done

$as_root apt-get update -qq
# shellcheck disable=SC2086 # the list is meant to be split
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
for service in $new_services; do
  [ -e "/lib/systemd/system/$service.service" ] || [ -e "/etc/init.d/$service" ] || continue
  if command -v systemctl >/dev/null 2>&1; then
    $as_root systemctl disable --quiet "$service" 2>/dev/null || echo "test:setup: $service could not be kept from starting with the machine: systemctl disable $service"
  elif command -v deb-systemd-helper >/dev/null 2>&1; then
    $as_root deb-systemd-helper disable "$service.service" >/dev/null
    [ ! -e "/etc/init.d/$service" ] || $as_root update-rc.d "$service" disable >/dev/null
  fi
done
for program in $missing; do
  is_there "$program" || { echo "test:setup: $program is still missing after apt-get install$packages"; exit 1; }
  echo "test:setup: installed $program"
done
