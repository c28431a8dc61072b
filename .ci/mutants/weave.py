"""Weaves all mutants of some sources into them, each behind a switch.

`cargo mutants` builds the workspace anew for each mutant: for one that only the suite can see, that is every function
and the suite itself. Woven, the mutants are built once, and the variable MUTANT says which of them is on. COVER
names a file that each mutant is noted in whose place is reached.
"""

from collections import defaultdict

import tree_sitter
import tree_sitter_rust

PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language()))

# Nothing can be switched while a constant is computed, and macros are not parsed.
FIXED = ("const_item", "static_item", "macro_definition", "type_arguments")

SWITCH = """
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
static MUTANT: std::sync::LazyLock<usize> =
    std::sync::LazyLock::new(|| std::env::var("MUTANT").ok().and_then(|number| number.parse().ok()).unwrap_or(0));
static REACHED: [AtomicBool; 10_000] = [const { AtomicBool::new(false) }; 10_000];
static COVER: std::sync::LazyLock<Option<std::sync::Mutex<std::fs::File>>> = std::sync::LazyLock::new(|| {
    let file = std::fs::OpenOptions::new().create(true).append(true).open(std::env::var("COVER").ok()?);
    Some(std::sync::Mutex::new(file.unwrap()))
});
pub(crate) fn mutant(number: usize) -> bool {
    if !REACHED[number].swap(true, Ordering::Relaxed) && let Some(file) = &*COVER {
        writeln!(file.lock().unwrap(), "{number}").unwrap();
    }
    *MUTANT == number
}
"""


class Weaver:
    """Weaves the mutants of one file. Each has a number, and the start of its span in bytes."""

    def __init__(self, source, mutants):
        self.source = source
        self.at = defaultdict(list)
        self.woven = set()
        self.broken = set()
        for mutant in mutants:
            self.at[mutant["genre"], mutant["start"]].append(mutant)

    def file(self):
        """The file with its mutants in it."""
        return self.within(PARSER.parse(self.source).root_node, 0, len(self.source))

    def text(self, start, end):
        return self.source[start:end].decode()

    def take(self, genre, start):
        found = self.at.get((genre, start), [])
        self.woven.update(mutant["number"] for mutant in found)
        return found

    def within(self, node, start=None, end=None):
        """A node's text, with what is woven into its children."""
        position = node.start_byte if start is None else start
        parts = []
        for child in node.children:
            parts += [self.text(position, child.start_byte), self.node(child)]
            position = child.end_byte
        return "".join(parts) + self.text(position, node.end_byte if end is None else end)

    def node(self, node):
        if node.type in FIXED:
            return self.text(node.start_byte, node.end_byte)
        weave = {
            "binary_expression": self.operator,
            "compound_assignment_expr": self.operator,
            "let_chain": self.chain,
            "unary_expression": self.negation,
            "match_arm": self.arm,
            "field_initializer": self.field,
            "shorthand_field_initializer": self.field,
            "function_item": self.function,
        }.get(node.type)
        return (weave and weave(node)) or self.within(node)

    def operator(self, node):
        left, operator, right = (node.child_by_field_name(name) for name in ("left", "operator", "right"))
        mutants = self.take("BinaryOperator", operator.start_byte)
        if not mutants:
            return None
        left, right = self.node(left), self.node(right)
        others = [(mutant["number"], f"{left} {marked(mutant)}{mutant['replacement']} {right}") for mutant in mutants]
        return choice(others, f"{left} {self.text(operator.start_byte, operator.end_byte)} {right}")

    def chain(self, node):
        """Next to a `let`, nothing but `&&` is Rust."""
        for operator in (child for child in node.children if child.type == "&&"):
            self.broken.update(mutant["number"] for mutant in self.take("BinaryOperator", operator.start_byte))

    def negation(self, node):
        mutants = self.take("UnaryOperator", node.start_byte)
        if not mutants:
            return None
        operand = "".join(self.node(child) for child in node.children[1:])
        others = [(mutant["number"], f"{marked(mutant)}({operand})") for mutant in mutants]
        return choice(others, f"{node.children[0].type}({operand})")

    def arm(self, node):
        pattern = node.child_by_field_name("pattern")
        guard = pattern.child_by_field_name("condition")
        deleted = self.take("MatchArm", node.start_byte)
        guards = self.take("MatchArmGuard", guard.start_byte) if guard else []
        if not deleted and not guards:
            return None
        condition, end = "true", pattern.end_byte
        if guard:
            condition, end = f"({self.node(guard)})", self.source.rindex(b"if", 0, guard.start_byte)
        for mutant in guards:
            switch = f"crate::mutant({mutant['number']})"
            condition = f"({switch} || {condition})" if mutant["replacement"] == "true" else f"(!{switch} && {condition})"
        for mutant in deleted:
            condition = f"(!crate::mutant({mutant['number']}) && {condition})"
        parts, position = [self.text(node.start_byte, end), f" if {condition}"], pattern.end_byte
        for child in (child for child in node.children if child.start_byte >= pattern.end_byte):
            parts += [self.text(position, child.start_byte), self.node(child)]
            position = child.end_byte
        return "".join(parts)

    def field(self, node):
        base = next((child for child in node.parent.children if child.type == "base_field_initializer"), None)
        mutants = self.take("StructField", node.start_byte) if base else []
        if not mutants:
            return None
        name = node.child_by_field_name("field") or node
        name = self.text(name.start_byte, name.end_byte)
        value = node.child_by_field_name("value")
        base = self.text(base.start_byte, base.end_byte).removeprefix("..").strip()
        others = [(mutant["number"], f"{marked(mutant)}({base}).{name}") for mutant in mutants]
        return f"{name}: {choice(others, self.node(value) if value else name)}"

    def function(self, node):
        body = node.child_by_field_name("body")
        starts = [child.start_byte for child in body.children if child.type not in ("{", "}")] if body else []
        mutants = [mutant for start in starts for mutant in self.take("FnValue", start)]
        if not mutants:
            return None
        returns = (
            f"\nif crate::mutant({mutant['number']}) {{ return {mutant['replacement']}; }}" for mutant in mutants
        )
        head = self.text(node.start_byte, body.start_byte)
        return f"{head}{{{''.join(returns)}\n{self.within(body).removeprefix('{')}"


def marked(mutant):
    """A mark next to what a mutant changes, so that an error of the compiler is laid to the right one."""
    return f"/*mutant({mutant['number']})*/"


def choice(others, original):
    arms = "".join(f"\n_ if crate::mutant({number}) => {text}," for number, text in others)
    return f"(match () {{{arms}\n_ => {original}\n}})"
