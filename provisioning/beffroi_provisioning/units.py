"""Units of systemd for server and player. Pure: the folder of the programs in, the text of a unit out.

Both units run without root and see little of the machine: a player decodes files that others made, and a server
answers whoever asks.
"""

from __future__ import annotations

from pathlib import Path

PROGRAMS = Path("/opt/beffroi/.venv/bin")
_STATE, _RUNTIME = "/var/lib/beffroi-player", "/run/beffroi-player"

_CONFINED = """\
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
# Debian mounts it apart, and leaves it open to all.
ReadOnlyPaths=-/run/lock
ProtectHome=yes
PrivateTmp=yes
PrivateMounts=yes
ProtectProc=invisible
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
UMask=0027
"""


def watchdog_drop_in() -> str:
    """Return a drop-in for systemd itself: a machine that hangs is reset by its hardware watchdog.

    It belongs into /etc/systemd/system.conf.d. The watchdog of a Raspberry Pi takes about 15 seconds at most.
    """
    return """\
# A machine on which nothing runs any more starts again by itself.
[Manager]
RuntimeWatchdogSec=10s
"""


def journal_drop_in() -> str:
    """Return a drop-in for the journal: it stays in memory, so that a memory card lasts and no power cut harms it.

    What has to last of a player's log is in its state directory, and in its reports.
    """
    return """\
# A screen has a memory card: its journal stays in memory.
[Journal]
Storage=volatile
RuntimeMaxUse=32M
"""


def server_unit(programs: Path = PROGRAMS) -> str:
    """Return ``beffroi-server.service``: its data is in /var/lib/beffroi-server, its settings in /etc/beffroi."""
    return f"""\
[Unit]
Description=Beffroi: the town's screens, server
Documentation=file:///opt/beffroi/README.md
Wants=network-online.target
After=network-online.target mosquitto.service postgresql.service

[Service]
Type=exec
ExecStart={programs}/beffroi-server run --host 127.0.0.1 --port 8000
User=beffroi-server
Environment=BEFFROI_DATA=/var/lib/beffroi-server PYTHONUNBUFFERED=1
EnvironmentFile=-/etc/beffroi/server.env
StateDirectory=beffroi-server
StateDirectoryMode=0750
Restart=always
RestartSec=2
# Many players keep a connection, and each counts.
LimitNOFILE=65536
PrivateDevices=yes
ProtectClock=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
{_CONFINED}
# Its processes that open files of strangers confine themselves further.
SystemCallFilter=landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp

[Install]
WantedBy=multi-user.target
"""


def card_unit(programs: Path = PROGRAMS) -> str:
    """Return ``beffroi-card.service``: hands an enrolment card on the boot partition to the player, as root."""
    return f"""\
[Unit]
Description=Beffroi: the enrolment card on the boot partition
Documentation=file:///opt/beffroi/README.md
# Without a card it does nothing and costs nothing.
ConditionPathExistsGlob=|/boot/firmware/beffroi-card*.json
ConditionPathExistsGlob=|/boot/beffroi-card*.json
ConditionPathExistsGlob=|/etc/beffroi/beffroi-card*.json
RequiresMountsFor=/boot/firmware {_STATE}

[Service]
Type=oneshot
ExecStart={programs}/beffroi-provisioning take-card
# Then the card goes, also from a boot partition that is only read: what is confined cannot mount it again.
ExecStartPost=+{programs}/beffroi-provisioning take-card --only-remove
StandardInput=null
ProtectSystem=strict
ReadWritePaths={_STATE}
ProtectHome=yes
PrivateTmp=yes
PrivateNetwork=yes
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_DAC_OVERRIDE
RestrictAddressFamilies=none
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
UMask=0077
TimeoutStartSec=60
"""


_PLAYER_DEVICES = """\
DevicePolicy=closed
DeviceAllow=char-drm rw
DeviceAllow=char-alsa rw
DeviceAllow=char-video4linux rw
DeviceAllow=char-input r
DeviceAllow=char-tty rw
# The display is switched and dimmed through its cable. Its user is in the group i2c where there is one: a unit that
# names a group that the system lacks does not start.
DeviceAllow=char-cec rw
DeviceAllow=char-i2c rw
# Contacts, such as a keyed switch: as for i2c, its user is in the group gpio where there is one.
DeviceAllow=char-gpiochip rw
"""


def player_unit(programs: Path = PROGRAMS, output: str = "fullscreen") -> str:
    """Return ``beffroi-player.service``: one screen, on the first console of the machine or behind a LED controller.

    The watchdog is fed by the process that presents: a screen that does not change when it should is restarted.

    Args:
        programs: The folder of the programs.
        output: “fullscreen”, or the address of a LED controller, such as ``ddp://192.168.1.40``.
    """
    on_console, console = (
        ("Conflicts=getty@tty1.service\n", "TTYPath=/dev/tty1\n") if output == "fullscreen" else ("", "")
    )
    return f"""\
[Unit]
Description=Beffroi: one screen of the town
Documentation=file:///opt/beffroi/README.md
# A screen shows what it has: it does not wait for the network.
After=systemd-user-sessions.service beffroi-card.service
Wants=beffroi-card.service
{on_console}# A screen never gives up.
StartLimitIntervalSec=0

[Service]
Type=notify
# The stage says that it is ready and alive, not the process that started it.
NotifyAccess=all
ExecStart={programs}/beffroi-player run --state {_STATE} --runtime {_RUNTIME} --output {output}
User=beffroi-player
SupplementaryGroups=video render input audio
StateDirectory=beffroi-player
StateDirectoryMode=0700
RuntimeDirectory=beffroi-player
RuntimeDirectoryMode=0700
# Its files, such as the count of crashes, outlive a restart by the watchdog.
RuntimeDirectoryPreserve=restart
Environment=PYTHONUNBUFFERED=1
EnvironmentFile=-/etc/beffroi/player.env
TimeoutStartSec=60
WatchdogSec=30
Restart=always
RestartSec=1
{console}StandardInput=null
{_PLAYER_DEVICES}RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
# The screen comes before whatever else the machine does.
CPUWeight=500
OOMScoreAdjust=-500
{_CONFINED}
# It asks the kernel whether its clock is disciplined, by a call that could set it if the player had the right to.
SystemCallFilter=adjtimex clock_adjtime

[Install]
WantedBy=multi-user.target
"""
