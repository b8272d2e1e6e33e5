"""Provisioning of servers and players: the configuration files of Mosquitto and systemd."""
