//! template.yaml is one that an operator can sign: what must hold of every function, table, queue, route and
//! alarm in it, now and after the next change. Each rule is seen to fail on a template that breaks it.

mod broken;
mod read;
mod rules;

use read::Deployed;
use shared::metrics::Metric;

const TEMPLATE: &str = include_str!("../../template.yaml");
const OPERATIONS: &str = include_str!("../../docs/operations.md");

/// What the rules find wrong with a template: the rule, and what breaks it.
fn findings(template: &str) -> Vec<(&'static str, String)> {
    let deployed = Deployed::read(template, OPERATIONS);
    let found =
        rules::RULES.iter().flat_map(|(rule, check)| check(&deployed).into_iter().map(move |what| (*rule, what)));
    found.collect()
}

#[test]
fn the_template_keeps_every_rule() {
    assert_eq!(findings(TEMPLATE), []);
}

/// An alarm on a metric that nobody writes would never fire, and one that nobody looks at is written in vain.
#[test]
fn the_template_watches_the_metrics_that_the_functions_write() {
    let written = Metric::ALL.iter().map(|metric| metric.name().to_owned()).collect();
    assert_eq!(rules::own_metrics(&Deployed::read(TEMPLATE, OPERATIONS)), written);
}

#[test]
fn each_rule_is_broken_by_a_template_that_breaks_it() {
    for broken::Case { rule, from, to, found } in broken::CASES {
        assert!(TEMPLATE.contains(from), "not in the template: {from}");
        assert!(rules::RULES.iter().any(|(name, _)| name == rule), "no such rule: {rule}");
        let findings = findings(&TEMPLATE.replacen(from, to, 1));
        let as_it_must = findings.iter().any(|(name, what)| name == rule && what == found);
        assert!(as_it_must, "{rule}: {from:?} is now {to:?}, and the findings are {findings:#?}");
    }
    for (rule, _) in rules::RULES {
        assert!(broken::CASES.iter().any(|case| case.rule == *rule), "no template breaks the rule {rule:?}");
    }
}
