"""Thieves: each has a way in, leaves some traces and hides others. None can be told by one signal alone.

Their patterns are those of the domain: F1 remote closure by a stranger, F2 SIM swap, F3 precious numbers, F4 taken
accounts, F5 insiders, F6 coached owners, F7 relatives, F8 porting farms, F9 scripts, F10 stolen codes, F11 drawn faces,
F12 collected balances, F13 mules, F14 services dropped first, F15 suspensions that keep the owner from hearing.
"""

from collections.abc import Mapping
from typing import Final

from training.world.personas import Persona
from training.world.personas.inside import coached, insider, premium_hunter, relative
from training.world.personas.schemes import bot, casher, mule_herder, port_farmer, precursor, silencer
from training.world.personas.takeover import account_taker, code_thief, deepfake, remote_closer, sim_swapper

PERSONAS: Final = (
    Persona("remote_closer", "fraud", 0.16, remote_closer, "F1"),
    Persona("sim_swapper", "fraud", 0.17, sim_swapper, "F2"),
    Persona("premium_hunter", "fraud", 0.09, premium_hunter, "F3"),
    Persona("account_taker", "fraud", 0.13, account_taker, "F4"),
    Persona("insider", "fraud", 0.045, insider, "F5"),
    Persona("coached", "fraud", 0.10, coached, "F6"),
    Persona("relative", "fraud", 0.03, relative, "F7"),
    Persona("port_farmer", "fraud", 0.015, port_farmer, "F8"),
    Persona("bot", "fraud", 0.02, bot, "F9"),
    Persona("code_thief", "fraud", 0.06, code_thief, "F10"),
    Persona("deepfake", "fraud", 0.045, deepfake, "F11"),
    Persona("casher", "fraud", 0.02, casher, "F12"),
    Persona("mule_herder", "fraud", 0.012, mule_herder, "F13"),
    Persona("precursor", "fraud", 0.04, precursor, "F14"),
    Persona("silencer", "fraud", 0.048, silencer, "F15"),
)
PATTERNS: Final[Mapping[str, str]] = {persona.name: str(persona.pattern) for persona in PERSONAS}
"""Persona -> pattern, by which a report tells recall."""
