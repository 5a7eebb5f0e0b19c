"""First policy and waivers files, commented, for a person to fill in."""

import datetime
from typing import Any

import yaml

from privsynth.policy.loading import preset
from privsynth.policy.policy import SCHEMA, rule_catalogue
from privsynth.policy.presets import PRESETS
from privsynth.policy.waivers import LONGEST
from privsynth.policy.waivers import SCHEMA as WAIVERS

POLICY = """\
# A policy of privsynth. Check it with `privsynth policy lint`; every rule is explained by
# `privsynth policy explain RULE`. What is not set here is as in the preset.
schema: {schema}
extends: preset:{preset}
name: our-policy            # shown on page 1 of every report
rationale: >-
  Who receives the table, under which agreement, and why these limits.

rules:
  # Take the # away to change a limit; a rule set to null is taken out.
  # Any rule may say: severity: block | warn | info, waivable: false, source: "...",
  # rationale: "...", and max_increase: 0.02 against the last release (gate --baseline).
{rules}
  # A rule of your own reads one number of evidence.json:
  # tails-kept:
  #   probe: fidelity          # an attack, measure, stratum, control, or headline
  #   estimate: NAME           # as in evidence.json
  #   statistic: lower         # upper | lower | adjusted_lower | point (exact counts only)
  #   operator: ">="
  #   limit: 0.9
  #   severity: warn
  #   source: house policy 12

# evidence: {{min_members: 2000, min_nonmembers: 2000, attacks: [dcr@1], seeds: 3}}
# signatures: {{builder: 1, reviewer: 1}}
"""
WAIVER = """\
# Waivers: fails that named people accept for a while. `privsynth gate --waivers FILE`.
# Missing or undecided evidence, copies, replayed values and what guards the audit cannot be waived.
schema: {schema}
waivers:
- id: W-1
  rule: worst_tpr
  dataset: NAME               # as in evidence.json; or table: sha256:... of one synthetic table
  reason: >-
    Why the table is needed now, and why this fail is bearable.
  compensating_control: >-
    What is done instead, such as access in one room for three named people.
  requested_by: NAME
  approved_by: ANOTHER NAME
  approved_at: {today}
  expires: {until}         # at most {longest} days after the approval
  max_observed: 0.06          # the careful end; a worse table fails again
  ticket: ""
"""


def policy_text(name: str) -> str:
    """Return a policy file that extends a preset, its limits commented out."""
    full, content = preset(name)
    catalogue = rule_catalogue()
    lines = []
    for rule, values in content["rules"].items():
        limits = {key: value for key, value in values.items() if key != "attacks"}
        lines.append(f"  # {rule}: {_flow(limits)}{' ' * 4}# {catalogue[rule].title}")
    return POLICY.format(schema=SCHEMA, preset=full, rules="\n".join(lines))


def waivers_text(today: datetime.date) -> str:
    """Return a waivers file with one waiver to fill in, that of today for as long as may be."""
    until = today + datetime.timedelta(days=LONGEST)
    return WAIVER.format(schema=WAIVERS, today=today, until=until, longest=LONGEST)


def _flow(values: dict[str, Any]) -> str:
    return str(yaml.safe_dump(values, default_flow_style=True, sort_keys=False, width=200)).strip()


__all__ = ["PRESETS", "policy_text", "waivers_text"]
