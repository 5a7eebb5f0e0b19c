"""Where in a policy file each rule stands."""

import yaml


def rule_lines(text: str) -> dict[str, int]:
    """Return the line, from 1, of every rule that a policy file names, and one under "".

    The latter is that of ``extends``, where the other rules come from, or else the first.
    Text that is no policy has no lines.
    """
    try:
        document = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return {}
    top = _entries(document)
    rules = top["rules"][1] if "rules" in top else None
    listed = rules.value if isinstance(rules, yaml.SequenceNode) else []
    found: dict[str, yaml.Node | None] = {name: key for name, (key, _) in _entries(rules).items()}
    for item in listed:
        entries = _entries(item)
        if "id" in entries:
            found[entries["id"][1].value] = item
    found[""] = top["extends"][0] if "extends" in top else document
    return {
        name: node.start_mark.line + 1 if node is not None else 1 for name, node in found.items()
    }


def _entries(node: yaml.Node | None) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: (key, value) for key, value in node.value if isinstance(key.value, str)}
