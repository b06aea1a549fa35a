//! The page with the table.

use std::fmt::Write as _;

use super::row::Row;

/// What stands above the table.
const INTRODUCTION: &str = "# How fast it is

Made by `./scripts/bench`; [how to read it](../performance.md). Machines are noisy, so every figure is a ratio against
something that was measured in the same run: *ratio* is the median of the rounds, *spread* their lowest and highest.
";

/// The page: the circumstances, the table, what is missing in it, the plots.
pub(super) fn page(
    rows: &[Row],
    not_measured: &[String],
    plots: &[(&str, &str)],
    circumstances: &str,
) -> String {
    let mut page = format!("{INTRODUCTION}\n{circumstances}\n\n");
    page += "| what | value | against | ratio | spread | wanted | met |\n| --- | --- | --- | --- | --- | --- | --- |\n";
    for row in rows {
        // Writing to a text does not fail.
        let _ = writeln!(
            page,
            "| {} | {} {} | {} | {} | {} to {} | {} | {} |",
            row.row,
            row.value,
            row.unit,
            row.against,
            row.ratio,
            row.spread[0],
            row.spread[1],
            row.wanted,
            if row.met { "yes" } else { "**no**" },
        );
    }
    for reason in not_measured {
        let _ = write!(page, "\nNot measured: {reason}\n");
    }
    for (file, title) in plots {
        let _ = write!(page, "\n![{title}]({file})\n");
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::row::Wanted;

    #[test]
    fn a_row_that_missed_stands_out() {
        let row = Row {
            row: "status".to_owned(),
            value: 10.0,
            unit: "requests/s",
            against: "healthz: 20 requests/s".to_owned(),
            ratio: 0.5,
            spread: [0.4, 0.6],
            wanted: Wanted::AtLeast(0.6),
            met: false,
        };
        let page = page(&[row], &["PostgreSQL: none".to_owned()], &[("growth.svg", "Growth")], "Two cores.");
        let line = "| status | 10 requests/s | healthz: 20 requests/s | 0.5 | 0.4 to 0.6 | ≥ 0.6 | **no** |";
        assert!(page.contains(line), "{page}");
        assert!(page.contains("Not measured: PostgreSQL: none"), "{page}");
        assert!(page.contains("![Growth](growth.svg)") && page.contains("Two cores."));
    }
}
