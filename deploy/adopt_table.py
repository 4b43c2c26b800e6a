"""Has a stack of Gatehouse take a restored table for its own (docs/operations.md, "Restore").

    python3 deploy/adopt_table.py deployed.json NAME ARN STREAM_ARN

reads the template that a stack was deployed from, as `aws cloudformation get-template
--template-stage Processed` gives it, and writes two beside it:

- `without-table.json`, in which everything works with the restored table and the stack has none of its
  own: the one that it had is kept, since its DeletionPolicy is Retain;
- `with-table.json`, the same and the resource Table, for importing the restored one as that. Without the
  table's policy: an import only notes what the template says and makes nothing of it, and no later
  deployment would see a difference.

After both, a usual deployment puts the policy on the table, and changes nothing else but the words that
refer to it.
"""

import json
import sys
from pathlib import Path


def main(arguments):
    if len(arguments) != 4:
        sys.exit(__doc__)
    path, name, arn, stream_arn = arguments
    template = json.loads(Path(path).read_text(encoding="utf-8"))
    of_table = {"Ref": name, "Arn": arn, "StreamArn": stream_arn}
    without = literal(template, of_table)
    table = without["Resources"].pop("Table")
    write(path, "without-table.json", without)
    del table["Properties"]["ResourcePolicy"]
    without["Resources"]["Table"] = table
    write(path, "with-table.json", without)


def write(beside, name, template):
    path = Path(beside).with_name(name)
    path.write_text(json.dumps(template, indent=1), encoding="utf-8")
    print(path)


def literal(value, of_table):
    """The value with what it says of the table by reference said outright."""
    if isinstance(value, list):
        return [literal(item, of_table) for item in value]
    if not isinstance(value, dict):
        return value
    if value == {"Ref": "Table"}:
        return of_table["Ref"]
    attribute = value.get("Fn::GetAtt")
    if isinstance(attribute, list) and attribute[0] == "Table":
        return of_table[attribute[1]]
    members = {name: literal(member, of_table) for name, member in value.items()}
    text = members.get("Fn::Sub")
    if isinstance(text, str):
        members["Fn::Sub"] = substituted(text, of_table)
    elif isinstance(text, list):
        members["Fn::Sub"] = [substituted(text[0], of_table), *text[1:]]
    # Nothing can wait for what is there already.
    waits = members.get("DependsOn")
    if "Type" in members and waits is not None:
        left = [name for name in ([waits] if isinstance(waits, str) else waits) if name != "Table"]
        members["DependsOn"] = left
    return members


def substituted(text, of_table):
    text = text.replace("${Table}", of_table["Ref"])
    for attribute in ("Arn", "StreamArn"):
        text = text.replace("${Table.%s}" % attribute, of_table[attribute])
    return text


if __name__ == "__main__":
    main(sys.argv[1:])
