//! YAML and JSON as the same tree that TOML is read into. JSON must be JSON; it is then read by the YAML reader, which
//! knows the place of every value.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;

use crate::target::{Content, Entry, Fault, Node, Problem, Source};

/// Reads YAML. An empty file is an empty table.
pub(super) fn parse_yaml(source: &Source<'_>) -> Result<Vec<Entry>, Vec<Fault>> {
    parse(source, source.text())
}

/// Reads JSON.
pub(super) fn parse_json(source: &Source<'_>) -> Result<Vec<Entry>, Vec<Fault>> {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(source.text()) {
        let line_starts = std::iter::once(0).chain(source.text().match_indices('\n').map(|(at, _)| at + 1));
        let start = line_starts.take(error.line().max(1)).last().unwrap_or(0);
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        return Err(vec![source.fault(start + error.column().saturating_sub(1), Problem::Syntax(message))]);
    }
    // In valid JSON a tab stands only between values, where YAML does not take it everywhere.
    parse(source, &source.text().replace('\t', " "))
}

fn parse(source: &Source<'_>, text: &str) -> Result<Vec<Entry>, Vec<Fault>> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        // YAML 1.2: `y`, `no` and `on` are words, and words are names here.
        strict_booleans: true,
        budget: serde_saphyr::budget! { max_depth: 16, max_documents: 1, max_aliases: 10_000 },
    };
    match serde_saphyr::from_str_with_options::<Option<Place>>(text, options) {
        Ok(None) => Ok(Vec::new()),
        Ok(Some(Place(Node { content: Content::Table(entries), .. }))) => Ok(entries),
        Ok(Some(Place(node))) => {
            let problem = Problem::WrongKind {
                key: "the whole file".to_owned(),
                expected: "a table of host names",
                found: node.content.kind(),
            };
            Err(vec![source.fault(node.offset, problem)])
        }
        Err(error) => {
            let offset = error.location().map_or(0, |location| byte_offset(text, location));
            let message = error.without_snippet().to_string();
            // The place is told by us, in the way of all other files.
            let message = message.lines().next().unwrap_or_default().split(" at line ").next().unwrap_or_default();
            let message = message.trim_start_matches("error: ").to_owned();
            Err(vec![source.fault(offset, Problem::Syntax(message))])
        }
    }
}

fn byte_offset(text: &str, location: serde_saphyr::Location) -> usize {
    let by_character = |index: u64| {
        let index = usize::try_from(index).unwrap_or(usize::MAX);
        text.char_indices().nth(index).map_or(text.len(), |(offset, _)| offset)
    };
    let bytes = location.span().byte_offset().and_then(|offset| usize::try_from(offset).ok());
    bytes.unwrap_or_else(|| by_character(location.span().offset()))
}

/// A node with its place.
struct Place(Node);

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Value>::deserialize(deserializer)?;
        // The byte offset is always known: the text is read from memory.
        let offset = spanned.referenced.span().byte_offset().and_then(|offset| usize::try_from(offset).ok());
        Ok(Self(Node { offset: offset.unwrap_or(0), content: spanned.value.0 }))
    }
}

struct Value(Content);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor).map(Self)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(i64::try_from(value).map_or(Content::Other("an integer beyond 63 bits"), Content::Integer))
    }

    fn visit_i128<E>(self, _: i128) -> Result<Content, E> {
        Ok(Content::Other("an integer beyond 64 bits"))
    }

    fn visit_u128<E>(self, _: u128) -> Result<Content, E> {
        Ok(Content::Other("an integer beyond 64 bits"))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Content, E> {
        Ok(Content::Other("a float"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Content, E> {
        Ok(Content::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Other("nothing"))
    }

    fn visit_none<E>(self) -> Result<Content, E> {
        Ok(Content::Other("nothing"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Content, A::Error> {
        let mut list = Vec::new();
        while let Some(Place(node)) = items.next_element()? {
            list.push(node);
        }
        Ok(Content::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let offset = key.referenced.span().byte_offset().and_then(|offset| usize::try_from(offset).ok());
            let Place(value) = map.next_value()?;
            entries.push(Entry { key: key.value, offset: offset.unwrap_or(value.offset), value });
        }
        Ok(Content::Table(entries))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn places(entries: &[Entry], source: &Source<'_>) -> Vec<String> {
        let mut places = Vec::new();
        for entry in entries {
            let (line, column) = source.position(entry.offset);
            let (value_line, value_column) = source.position(entry.value.offset);
            places.push(format!(
                "{} {line}:{column} {} {value_line}:{value_column}",
                entry.key,
                entry.value.content.kind()
            ));
            if let Content::Table(inner) = &entry.value.content {
                places.extend(self::places(inner, source));
            }
        }
        places
    }

    #[test]
    fn yaml_values_know_their_places() {
        let text =
            "# ü\norders.example.com:\n  port: 3307\n  profile: \"acme\"\n  bastion: [a, b]\nother: {user: dba}\n";
        let source = Source::new(Path::new("hosts.yaml"), text);
        assert_eq!(
            places(&parse_yaml(&source).unwrap(), &source),
            [
                "orders.example.com 2:1 a table 3:3",
                "port 3:3 an integer 3:9",
                "profile 4:3 a string 4:12",
                "bastion 5:3 a list 5:12",
                "other 6:1 a table 6:8",
                "user 6:9 a string 6:15",
            ]
        );
    }

    #[test]
    fn json_values_know_their_places() {
        let text = "{\n\t\"orders\":\t{\"port\": 3307,\n\t\t\"profile\"\t: \"acme\"}\n}";
        let source = Source::new(Path::new("hosts.json"), text);
        assert_eq!(
            places(&parse_json(&source).unwrap(), &source),
            ["orders 2:2 a table 2:12", "port 2:13 an integer 2:21", "profile 3:3 a string 3:15"]
        );
    }

    #[test]
    fn faults_have_a_place_and_one_line() {
        type Parse = fn(&Source<'_>) -> Result<Vec<Entry>, Vec<Fault>>;
        let cases: [(Parse, &str, usize, &str); 8] = [
            (parse_yaml, "a:\n  x: 1\na:\n  y: 2\n", 3, "duplicate"),
            (parse_yaml, "a:\n  x: [1\nb: 2\n", 3, ""),
            (parse_yaml, "- a\n- b\n", 1, "a table of host names"),
            (parse_yaml, "a: *nowhere\n", 1, ""),
            (parse_json, "{\"a\": 1,}", 1, "key must be a string"),
            (parse_json, "{\n\"a\": }", 2, "expected value"),
            (parse_json, "a: 1\n", 1, "expected value"),
            (parse_json, "{\"a\": 1, \"a\": 2}", 1, "duplicate"),
        ];
        for (parse, text, line, message) in cases {
            let fault = parse(&Source::new(Path::new("hosts"), text)).unwrap_err().remove(0);
            let shown = fault.to_string();
            assert_eq!(fault.line, line, "{shown}");
            assert!(shown.contains(message) && !shown.contains('\n') && !shown.contains(" at line"), "{shown}");
        }
    }

    #[test]
    fn t8_a_bomb_of_aliases_or_brackets_is_refused() {
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (name, last) in ('b'..='j').zip('a'..) {
            let aliases = vec![format!("*{last}"); 9].join(", ");
            bomb.extend([name.to_string().as_str(), ": &", name.to_string().as_str(), " [", &aliases, "]\n"]);
        }
        let deep = format!("a: {}{}", "[".repeat(100_000), "]".repeat(100_000));
        let json = format!("{{\"a\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(parse_yaml(&Source::new(Path::new("x"), &bomb)).is_err());
        assert!(parse_yaml(&Source::new(Path::new("x"), &deep)).is_err());
        assert!(parse_json(&Source::new(Path::new("x"), &json)).is_err());
    }

    #[test]
    fn an_empty_file_is_an_empty_table() {
        for text in ["", "# nothing yet\n", "---\n", "{}"] {
            assert_eq!(parse_yaml(&Source::new(Path::new("x"), text)), Ok(Vec::new()), "{text:?}");
        }
    }
}
