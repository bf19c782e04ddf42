#!/bin/bash
# Fetches programs of Debian that the lab runs beside the gateway and its clients, and unpacks them below a
# directory as their maintainer scripts would leave them. Nothing is installed: a test lays
# the directory over the files of a host of its own. What this machine has already is not fetched.
set -euo pipefail

dir="$1"
packages="iptables ufw firewalld docker.io dbus network-manager network-manager-openvpn openvpn-auth-ldap"
# Without what they depend on: SimpleSAMLphp runs on PHP alone, and a web server would be another one on this machine.
alone="simplesamlphp"
[ "$(cat "$dir/ready" 2>/dev/null)" != "$packages $alone" ] || exit 0
if ! command -v apt-get >/dev/null; then
	echo "This machine has no apt-get: the lab cannot run ufw, firewalld, Docker, NetworkManager, openvpn-auth-ldap and SimpleSAMLphp."
	exit 0
fi
as=""
[ "$(id -u)" = 0 ] || as="sudo"

$as rm -rf "$dir"
mkdir -p "$dir/archives/partial" "$dir/root"/usr/{bin,sbin,lib,lib64}
dir="$(cd "$dir" && pwd)"
root="$dir/root"
for name in bin sbin lib lib64; do ln -s "usr/$name" "$root/$name"; done

echo "Fetching ufw, firewalld, Docker, iptables, NetworkManager, openvpn-auth-ldap and SimpleSAMLphp into $dir (not installed)"
$as apt-get -qq update
# The download runs as root: the user _apt cannot write everywhere.
$as env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends --download-only \
	-o Dir::Cache::archives="$dir/archives" -o APT::Sandbox::User=root install $packages >/dev/null
(cd "$dir/archives" && $as apt-get -qq -o APT::Sandbox::User=root download $alone)
for package in "$dir"/archives/*.deb; do
	dpkg-deb --fsys-tarfile "$package" | tar -x --no-same-owner --keep-directory-symlink -C "$root"
done
$as rm -rf "$dir/archives" "$root"/usr/share/{doc,man,locale}

# What the maintainer scripts do.
if [ -e "$root/usr/sbin/iptables-nft" ]; then
	for family in iptables ip6tables; do
		for end in "" -save -restore; do ln -sf "$family-nft$end" "$root/usr/sbin/$family$end"; done
	done
fi
if [ -d "$root/usr/share/ufw" ]; then
	cp "$root"/usr/share/ufw/iptables/*.rules "$root"/usr/share/ufw/*.init "$root/usr/share/ufw/ufw.conf" "$root/etc/ufw/"
	chmod 640 "$root"/etc/ufw/*.rules "$root"/etc/ufw/*.init
fi
echo "$packages $alone" >"$dir/ready"
