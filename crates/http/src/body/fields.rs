//! Takes typed fields out of an object and collects everything that is wrong with them.

use std::fmt::Display;

use super::json::{Json, Object};
use crate::refusal::envelope::FieldProblem;
use crate::refusal::problem::Problem;

/// The longest name of an unknown field that is repeated to the caller, in characters.
const LONGEST_NAME: usize = 64;
/// The most unknown fields that are repeated to the caller.
const MOST_UNKNOWN: usize = 16;

/// The fields of a request that were not taken yet.
pub(crate) struct Fields {
    members: Object,
    problems: Vec<FieldProblem>,
}

impl Fields {
    pub(crate) const fn of(members: Object) -> Self {
        Self { members, problems: Vec::new() }
    }

    /// A text that must be there.
    pub(crate) fn required<T, E: Display>(
        &mut self,
        name: &str,
        accept: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.members.remove(name) {
            None => self.refuse(name, "required", "the field is missing"),
            Some(value) => self.text(name, &value, accept),
        }
    }

    /// A text that may be absent or `null`.
    pub(crate) fn optional<T, E: Display>(
        &mut self,
        name: &str,
        accept: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match self.members.remove(name) {
            None | Some(Json::Null) => None,
            Some(value) => self.text(name, &value, accept),
        }
    }

    /// A text or `null`, if the field is there: `Some(None)` is `null`, and an absent field is `None`.
    #[expect(clippy::option_option, reason = "an absent field and `null` are different requests")]
    pub(crate) fn nullable<T, E: Display>(
        &mut self,
        name: &str,
        accept: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match self.members.remove(name)? {
            Json::Null => Some(None),
            value => self.text(name, &value, accept).map(Some),
        }
    }

    /// A list of texts that may be absent or `null`. What is wrong is told of the list as a whole.
    pub(crate) fn texts<T, E: Display>(
        &mut self,
        name: &str,
        accept: impl FnOnce(&[&str]) -> Result<T, E>,
    ) -> Option<T> {
        let items = match self.members.remove(name)? {
            Json::Null => return None,
            Json::List(items) => items,
            _ => return self.refuse(name, "wrong_type", "the field must be a list of strings"),
        };
        let texts: Option<Vec<&str>> = items.iter().map(Json::as_text).collect();
        match texts {
            Some(texts) => self.accepted(name, accept(&texts)),
            None => self.refuse(name, "wrong_type", "the field must be a list of strings"),
        }
    }

    /// Refuses `null` in fields that may be absent.
    pub(crate) fn never_null(&mut self, names: &[&str]) {
        for name in names {
            if matches!(self.members.get(*name), Some(Json::Null)) {
                self.members.remove(*name);
                let _: Option<()> = self.refuse(name, "wrong_type", "the field must not be null");
            }
        }
    }

    /// `true` or `false`, if the field is there.
    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        match self.members.remove(name)? {
            Json::Flag(flag) => Some(flag),
            _ => self.refuse(name, "wrong_type", "the field must be true or false"),
        }
    }

    /// A whole number that must be there.
    pub(crate) fn required_integer<T, E: Display>(
        &mut self,
        name: &str,
        accept: impl FnOnce(i128) -> Result<T, E>,
    ) -> Option<T> {
        if self.members.contains_key(name) {
            self.integer(name, accept)
        } else {
            self.refuse(name, "required", "the field is missing")
        }
    }

    /// A whole number, if the field is there.
    pub(crate) fn integer<T, E: Display>(
        &mut self,
        name: &str,
        accept: impl FnOnce(i128) -> Result<T, E>,
    ) -> Option<T> {
        let Json::Integer(number) = self.members.remove(name)? else {
            return self.refuse(name, "wrong_type", "the field must be a whole number");
        };
        self.accepted(name, accept(number))
    }

    /// What was built of the fields, if nothing is wrong with any of them.
    pub(crate) fn finish<T>(mut self, built: Option<T>) -> Result<T, Problem> {
        for name in std::mem::take(&mut self.members).into_keys().take(MOST_UNKNOWN) {
            let shown: String = name.chars().take(LONGEST_NAME).collect();
            let _: Option<()> = self.refuse(&shown, "unknown_field", "the request has no such field");
        }
        match built {
            Some(built) if self.problems.is_empty() => Ok(built),
            _ => Err(Problem::Fields(self.problems)),
        }
    }

    fn text<T, E: Display>(
        &mut self,
        name: &str,
        value: &Json,
        accept: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let Json::Text(text) = value else {
            return self.refuse(name, "wrong_type", "the field must be a string");
        };
        if text.contains('\0') {
            return self.refuse(name, "not_acceptable", "the field must not contain NUL");
        }
        self.accepted(name, accept(text))
    }

    fn accepted<T, E: Display>(&mut self, name: &str, outcome: Result<T, E>) -> Option<T> {
        match outcome {
            Ok(accepted) => Some(accepted),
            Err(reason) => self.refuse(name, "not_acceptable", reason),
        }
    }

    fn refuse<T>(&mut self, name: &str, code: &'static str, message: impl Display) -> Option<T> {
        let field = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        self.problems.push(FieldProblem { field, code, message: message.to_string() });
        None
    }
}

/// What `make` makes of a number that is as narrow as it asks for; otherwise, what would be acceptable.
pub(crate) fn within<N: TryFrom<i128>, T>(
    number: i128,
    make: impl FnOnce(N) -> Option<T>,
    acceptable: &'static str,
) -> Result<T, &'static str> {
    N::try_from(number).ok().and_then(make).ok_or(acceptable)
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;

    type Told = Vec<(String, &'static str)>;

    fn read(text: &str) -> Result<(String, Option<u8>), Told> {
        let mut fields = Fields::of(json::parse(text.as_bytes()).unwrap());
        let name = fields.required("name", |name| Ok::<_, &str>(name.to_owned()));
        let age = fields.optional("age", str::parse::<u8>);
        fields.finish(name.map(|name| (name, age))).map_err(told)
    }

    fn told(problem: Problem) -> Told {
        match problem {
            Problem::Fields(problems) => problems.into_iter().map(|p| (p.field, p.code)).collect(),
            other => panic!("{other}"),
        }
    }

    fn problems(expected: &[(&str, &'static str)]) -> Told {
        expected.iter().map(|(field, code)| ((*field).to_owned(), *code)).collect()
    }

    #[test]
    fn fields_are_taken() {
        assert_eq!(read(r#"{"name":"x","age":"7"}"#), Ok(("x".to_owned(), Some(7))));
        assert_eq!(read(r#"{"name":"x","age":null}"#), Ok(("x".to_owned(), None)));
    }

    type Typed = (Option<bool>, Option<u8>, Option<Option<u8>>);

    fn read_typed(text: &str) -> Result<Typed, Told> {
        let mut fields = Fields::of(json::parse(text.as_bytes()).unwrap());
        let typed = (
            fields.flag("flag"),
            fields.integer("number", u8::try_from),
            fields.nullable("text", str::parse::<u8>),
        );
        fields.finish(Some(typed)).map_err(told)
    }

    #[test]
    fn flags_numbers_and_texts_that_may_be_null_are_taken() {
        assert_eq!(read_typed("{}"), Ok((None, None, None)));
        let all = r#"{"flag":false,"number":255,"text":"7"}"#;
        assert_eq!(read_typed(all), Ok((Some(false), Some(255), Some(Some(7)))));
        assert_eq!(read_typed(r#"{"text":null}"#), Ok((None, None, Some(None))));
    }

    #[test]
    fn nothing_else_is_taken_for_a_flag_or_a_number() {
        for wrong in ["null", "\"true\"", "1", "[]", "{}"] {
            assert_eq!(
                read_typed(&format!(r#"{{"flag":{wrong}}}"#)),
                Err(problems(&[("/flag", "wrong_type")]))
            );
        }
        for wrong in ["null", "\"1\"", "true", "1.0", "1e2", "[1]"] {
            assert_eq!(
                read_typed(&format!(r#"{{"number":{wrong}}}"#)),
                Err(problems(&[("/number", "wrong_type")]))
            );
        }
        assert_eq!(
            read_typed(r#"{"flag":0,"number":256,"text":7}"#),
            Err(problems(&[("/flag", "wrong_type"), ("/number", "not_acceptable"), ("/text", "wrong_type")]))
        );
    }

    fn read_texts(text: &str) -> Result<Option<String>, Told> {
        let mut fields = Fields::of(json::parse(text.as_bytes()).unwrap());
        let joined =
            fields.texts("list", |texts| if texts.len() < 3 { Ok(texts.concat()) } else { Err("too many") });
        fields.finish(Some(joined)).map_err(told)
    }

    #[test]
    fn lists_of_texts_are_taken_and_nothing_else() {
        assert_eq!(read_texts(r#"{"list":["a","b"]}"#), Ok(Some("ab".to_owned())));
        assert_eq!(read_texts(r#"{"list":[]}"#), Ok(Some(String::new())));
        for absent in ["{}", r#"{"list":null}"#] {
            assert_eq!(read_texts(absent), Ok(None));
        }
        for wrong in [r#""a""#, "{}", "1", "[1]", r#"["a",null]"#, r#"[["a"]]"#] {
            let body = format!(r#"{{"list":{wrong}}}"#);
            assert_eq!(read_texts(&body), Err(problems(&[("/list", "wrong_type")])), "{wrong}");
        }
        let many = read_texts(r#"{"list":["a","b","c"]}"#);
        assert_eq!(many, Err(problems(&[("/list", "not_acceptable")])));
    }

    #[test]
    fn all_problems_are_told_at_once() {
        assert_eq!(
            read(r#"{"age":"x","__proto__":1,"a/b~c":2}"#),
            Err(problems(&[
                ("/name", "required"),
                ("/age", "not_acceptable"),
                ("/__proto__", "unknown_field"),
                ("/a~1b~0c", "unknown_field"),
            ]))
        );
    }

    #[test]
    fn types_and_nul_are_told() {
        for wrong in ["1", "true", "[]", "{}", "null"] {
            assert_eq!(read(&format!(r#"{{"name":{wrong}}}"#)), Err(problems(&[("/name", "wrong_type")])));
        }
        assert_eq!(read(r#"{"name":"a\u0000"}"#), Err(problems(&[("/name", "not_acceptable")])));
    }

    #[test]
    fn what_is_repeated_of_unknown_fields_is_bounded() {
        let many: Vec<_> = (0..40).map(|n| format!(r#""{n}{}":1"#, "x".repeat(100))).collect();
        let found = read(&format!(r#"{{"name":"x",{}}}"#, many.join(","))).unwrap_err();
        assert_eq!(found.len(), MOST_UNKNOWN);
        assert!(found.iter().all(|(field, _)| field.len() <= LONGEST_NAME + 1));
    }
}
