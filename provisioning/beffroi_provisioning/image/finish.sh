#!/bin/sh
# Runs in the root of the image once its packages are installed.
set -e
mkdir -p /data
: > /etc/machine-id
rm -f /var/lib/dbus/machine-id /etc/ssh/ssh_host_*
ln -sf /etc/machine-id /var/lib/dbus/machine-id
ln -sf /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
ln -sf /boot/firmware/wpa_supplicant.conf /etc/wpa_supplicant/wpa_supplicant-wlan0.conf
echo beffroi-screen > /etc/hostname
printf '127.0.0.1 localhost beffroi-screen\n::1 localhost\n' > /etc/hosts
# No account has a password.
usermod --password '*' root
systemctl enable --quiet beffroi-data beffroi-player ssh systemd-networkd systemd-resolved systemd-timesyncd
systemctl disable --quiet ssh.socket wpa_supplicant.service 2>/dev/null || true
systemctl mask --quiet getty@.service serial-getty@.service console-getty.service ctrl-alt-del.target \
    systemd-networkd-wait-online.service systemd-firstboot.service systemd-machine-id-commit.service
for timer in apt-daily apt-daily-upgrade dpkg-db-backup e2scrub_all man-db; do systemctl mask --quiet $timer.timer; done
systemctl set-default --quiet multi-user.target
# What the player has for Pythons of other releases.
version=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
for folder in /usr/lib/beffroi-player/lib/python*; do
    [ "$folder" = "/usr/lib/beffroi-player/lib/python$version" ] || rm -rf "$folder"
done
rm -rf /var/log/* /var/cache/apt/*.bin /usr/share/doc-base
