"""Releases of the player: installed beside the package, tried by the supervisor, and taken back by it.

The supervisor always comes from the package of the machine. It runs stage and agent of the release that is in force,
so that a release which cannot even start is still taken back. Agent and supervisor may be of different versions: what
they tell each other are the two files of :mod:`.release_files`, and these rules:

- ``python -m beffroi_player stage|agent --state … --runtime …`` starts a process, with the options of this version;
- ``presented.json`` says which frame the stage has presented, see ``PresentedStatus``;
- the agent sends ``X_VERIFIED=<its process> live|polling`` to its supervisor, again and again, as long as it is
  connected and has verified a beat since its start.
"""
