//! One setting: its key, its kind, its default and its meaning. The typed sections are made from the same lines, so
//! that they, the documentation and the errors cannot disagree.

/// What stands before every variable that overrides a setting.
pub(crate) const VARIABLE_PREFIX: &str = "COUNTERSIGN_";

/// A setting, as the documentation and the errors name it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(test), expect(dead_code, reason = "a test makes the documentation from all fields"))]
pub(crate) struct Setting {
    /// `section.key`, or `key` alone at the top.
    pub(crate) key: &'static str,
    /// What a value may be.
    pub(crate) kind: &'static str,
    /// The value when nothing is set; empty when there is none.
    pub(crate) default: &'static str,
    /// What it does.
    pub(crate) meaning: &'static str,
}

impl Setting {
    /// The environment variable that overrides the configuration file.
    pub(crate) fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.key.to_ascii_uppercase().replace('.', "__"))
    }
}

/// Declares one typed section of the configuration: for each setting its meaning, name, type and default.
macro_rules! section {
    ($(#[doc = $about:literal])+ $name:ident, $prefix:literal {
        $($(#[doc = $meaning:literal])+ $field:ident: $type:ty = $default:literal,)+
    }) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            $($(#[doc = $meaning])+ pub(crate) $field: $type,)+
        }

        impl $name {
            /// The section's settings, in the order of the documentation.
            pub(crate) const SETTINGS: &'static [$crate::config::setting::Setting] = &[
                $($crate::config::setting::Setting {
                    key: concat!($prefix, stringify!($field)),
                    kind: <$type as $crate::config::value::SettingValue>::KIND,
                    default: $default,
                    meaning: concat!($($meaning),+),
                },)+
            ];

            /// What the section is about.
            pub(crate) const ABOUT: &'static str = concat!($($about),+);

            /// Reads the section; `None` when a value is not acceptable, which is noted in `values`.
            pub(crate) fn read(values: &mut $crate::config::layers::Values) -> Option<Self> {
                $(let $field = values.read::<$type>(concat!($prefix, stringify!($field)), $default);)+
                Some(Self { $($field: $field?,)+ })
            }

            /// Every setting with its value, as it may be shown.
            pub(crate) fn show(&self) -> Vec<(&'static str, serde_json::Value)> {
                use $crate::config::value::SettingValue as _;
                vec![$((concat!($prefix, stringify!($field)), self.$field.show()),)+]
            }
        }
    };
}

pub(crate) use section;
