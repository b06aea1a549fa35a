//! Factors of users as a file writes them.

use countersign_domain::identity::UserId;
use countersign_domain::time::Timestamp;
use countersign_domain::two_factor::import::{EnabledSince, ForeignFactor};
use countersign_domain::two_factor::imported_code::ImportedCodeHashes;
use countersign_domain::two_factor::params::{Algorithm, Digits, Parameters, Period};
use countersign_domain::two_factor::secret::TotpSecret;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::Owner;
use crate::rows::Rows;

/// A row as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    user_id: String,
    secret: String,
    algorithm: Option<String>,
    digits: Option<u8>,
    period: Option<u8>,
    state: Option<String>,
    enabled_at: Option<String>,
    backup_code_hashes: Option<Hashes>,
}

/// A list, or a text with spaces between the hashes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Hashes {
    List(Vec<String>),
    Text(String),
}

impl Hashes {
    fn parse(&self) -> Result<ImportedCodeHashes, String> {
        let parsed = match self {
            Self::List(texts) => ImportedCodeHashes::parse(texts.iter().map(String::as_str)),
            Self::Text(text) => ImportedCodeHashes::parse(text.split_whitespace()),
        };
        parsed.map_err(|error| format!("backup_code_hashes: {error}"))
    }
}

impl Written {
    fn meaning(self, owner: Owner, now: Timestamp) -> Result<ForeignFactor, String> {
        let secret = Zeroizing::new(self.secret);
        match self.state.as_deref().filter(|state| !state.is_empty()) {
            None | Some("enabled") => {}
            Some("pending") => return Err("the set-up was never confirmed; the user sets up anew".to_owned()),
            Some(_) => return Err("state: it is enabled or pending".to_owned()),
        }
        let user = UserId::new(self.user_id).map_err(|error| format!("user_id: {error}"))?;
        let enabled_at = self.enabled_at.filter(|text| !text.is_empty());
        Ok(ForeignFactor {
            subject: owner.subject(user),
            secret: TotpSecret::from_base32(&secret).map_err(|error| format!("secret: {error}"))?,
            parameters: parameters(self.algorithm.as_deref(), self.digits, self.period)?,
            codes: self
                .backup_code_hashes
                .map_or_else(|| Ok(ImportedCodeHashes::default()), |hashes| hashes.parse())?,
            enabled_at: enabled_at.map(|text| since(&text, now)).transpose()?,
        })
    }
}

fn parameters(algorithm: Option<&str>, digits: Option<u8>, period: Option<u8>) -> Result<Parameters, String> {
    let default = Parameters::default();
    let algorithm = algorithm.filter(|text| !text.is_empty()).map(Algorithm::parse);
    Ok(Parameters {
        algorithm: algorithm
            .unwrap_or(Some(default.algorithm))
            .ok_or("algorithm: it is SHA1, SHA256 or SHA512")?,
        digits: digits.map_or(Some(default.digits), Digits::from_count).ok_or("digits: it is 6, 7 or 8")?,
        period: period
            .map_or(Some(default.period), Period::from_seconds)
            .ok_or("period: it is 15 to 60 seconds")?,
    })
}

fn since(text: &str, now: Timestamp) -> Result<EnabledSince, String> {
    let at = text.parse::<Timestamp>().map_err(|error| format!("enabled_at: {error}"))?;
    EnabledSince::new(at, now).map_err(|error| format!("enabled_at: {error}"))
}

/// How they are read, for users of `owner`.
pub(super) fn rows(owner: Owner, now: Timestamp) -> Rows<Written, ForeignFactor> {
    Rows {
        needed: &["user_id", "secret"],
        meaning: Box::new(move |written: Written| written.meaning(owner, now)),
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::identity::Environment;

    use super::*;

    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn hash(number: u8) -> String {
        format!("$2y$10${}.{number:02}{}.", "a".repeat(21), "b".repeat(28))
    }

    fn read(text: &str) -> Vec<Result<ForeignFactor, String>> {
        let org = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        let owner = Owner { org, env: Environment::Test };
        let rows = rows(owner, Timestamp::from_seconds(1_000));
        let lines = rows.lines(Box::new(std::io::Cursor::new(text.to_owned()))).unwrap();
        lines.map(|line| line.unwrap().row).collect()
    }

    fn shown(rows: &[Result<ForeignFactor, String>]) -> Vec<String> {
        let secret = |row: &ForeignFactor| format!("{} {row:?}", *row.secret.to_base32());
        rows.iter().map(|row| row.as_ref().map_or_else(Clone::clone, secret)).collect()
    }

    #[test]
    fn ndjson_and_csv_say_the_same() {
        let (one, two) = (hash(1), hash(2));
        let json = format!(
            "{{\"user_id\":\"alice\",\"secret\":\"{SECRET}\"}}\n\
             {{\"user_id\":\"bob\",\"secret\":\"{SECRET}\",\"algorithm\":\"SHA256\",\"digits\":8,\"period\":60,\
             \"state\":\"enabled\",\"enabled_at\":\"1970-01-01T00:00:01Z\",\"backup_code_hashes\":[\"{one}\",\"{two}\"]}}\n"
        );
        let csv = format!(
            "user_id,secret,algorithm,digits,period,state,enabled_at,backup_code_hashes\n\
             alice,{SECRET},,,,,,\nbob,{SECRET},SHA256,8,60,enabled,1970-01-01T00:00:01Z,{one} {two}\n"
        );
        let rows = read(&csv);
        assert!(rows.iter().all(Result::is_ok), "{rows:?}");
        assert_eq!(shown(&read(&json)), shown(&rows));
        assert_eq!(rows[1].as_ref().unwrap().codes.count(), 2);
    }

    #[test]
    fn what_is_refused_is_named_and_not_repeated() {
        let lines = [
            ("alice,GEZDGNBVGY3TQOJQ,,,,", "secret: the secret has 10 bytes"),
            ("alice,not-base-32,,,,", "secret: a secret is written in base 32"),
            (",@,,,,", "user_id"),
            ("alice,@,MD5,,,", "algorithm"),
            ("alice,@,,5,,", "digits"),
            ("alice,@,,,90,", "period"),
            ("alice,@,,six,,", "field 3"),
            ("alice,@,,,,pending", "never confirmed"),
            ("alice,@,,,,disabled", "state"),
        ];
        for (line, reason) in lines {
            let text =
                format!("user_id,secret,algorithm,digits,period,state\n{}\n", line.replace('@', SECRET));
            let refused = read(&text).remove(0).unwrap_err();
            assert!(refused.contains(reason), "{line}: {refused}");
            assert!(!refused.contains(SECRET) && !refused.contains("not-base-32"), "{refused}");
        }
    }

    #[test]
    fn a_document_of_the_wrong_shape_is_refused_without_its_values() {
        let canary = 1_234_567_890;
        for document in [
            format!("{{\"user_id\":\"alice\",\"secret\":{canary}}}"),
            format!("{{\"user_id\":\"alice\",\"secret\":[\"{canary}\"]}}"),
            format!("{{\"user_id\":\"alice\",\"secret\":\"{SECRET}\",\"digits\":{canary}}}"),
            format!("{{\"user_id\":\"alice\",\"secret\":\"{SECRET}\",\"backup_code_hashes\":[{canary}]}}"),
            format!("{{\"user_id\":\"alice\",\"secret\":\"{canary}"),
            format!("{{\"user_id\":\"alice\",\"secret\":\"{SECRET}\",\"enabled_at\":\"{canary}\"}}"),
        ] {
            let refused = read(&document).remove(0).unwrap_err();
            assert!(!refused.contains(&canary.to_string()) && !refused.contains(SECRET), "{refused}");
        }
    }
}
