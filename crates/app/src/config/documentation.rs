//! `docs/configuration.md` is made from the typed sections; this test keeps it so.

use super::SECTIONS;
use super::setting::Setting;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
const BEGIN: &str =
    "<!-- settings: made from the typed sections by `UPDATE_DOCS=1 cargo nextest run -p countersign` -->\n";
const END: &str = "<!-- end of settings -->\n";

fn tables() -> String {
    SECTIONS.iter().map(|(about, settings)| table(about, settings)).collect::<String>() + "\n"
}

fn table(about: &str, settings: &[Setting]) -> String {
    let heading = match settings[0].key.split_once('.') {
        Some((section, _)) => format!("`[{section}]`"),
        None => "At the top".to_owned(),
    };
    let rows = settings.iter().map(row).collect::<String>();
    let head = "| setting | default | what it does |\n| --- | --- | --- |";
    format!("\n### {heading}\n\n{}\n\n{head}\n{rows}", about.trim())
}

fn row(setting: &Setting) -> String {
    let name = setting.key.rsplit('.').next().unwrap();
    let default = if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
    let (variable, meaning, kind) = (setting.variable(), setting.meaning.trim(), setting.kind);
    format!("| `{name}`<br>`{variable}` | {default} | {meaning} It is {kind}. |\n")
}

#[test]
fn the_page_of_settings_says_what_the_typed_sections_say() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has a place for the settings");
    let (found, after) = rest.split_once(END).expect("the place has an end");
    if found != tables() && std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PAGE, format!("{before}{BEGIN}{}{END}{after}", tables())).unwrap();
        return;
    }
    assert_eq!(found, tables(), "docs/configuration.md differs; run the test with UPDATE_DOCS=1");
}
