"""Genuine people: students, migrants, the old, the forgetful, the unlucky. Many of them look suspicious in one way."""

from typing import Final

from training.world.personas import Persona
from training.world.personas.leavers import churner, dormant, elderly, everyday, heir, migrant, student
from training.world.personas.unlucky import (
    enterprise,
    lost_phone,
    misuse_victim,
    parent,
    screen_reader,
    tinkerer,
    traveller,
)

EVERYDAY: Final = Persona("everyday", "legitimate", 0.30, everyday)
PERSONAS: Final = (
    EVERYDAY,
    Persona("student", "legitimate", 0.14, student),
    Persona("migrant", "legitimate", 0.11, migrant),
    Persona("elderly", "legitimate", 0.08, elderly),
    Persona("dormant", "legitimate", 0.11, dormant),
    Persona("lost_phone", "legitimate", 0.07, lost_phone),
    Persona("churner", "legitimate", 0.11, churner),
    Persona("traveller", "legitimate", 0.05, traveller),
    Persona("tinkerer", "legitimate", 0.035, tinkerer),
    Persona("heir", "legitimate", 0.02, heir),
    Persona("misuse_victim", "legitimate", 0.006, misuse_victim),
    Persona("enterprise", "legitimate", 0.006, enterprise),
    Persona("screen_reader", "legitimate", 0.02, screen_reader),
    Persona("parent", "legitimate", 0.02, parent),
)
