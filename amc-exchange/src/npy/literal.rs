//! Python literals, as far as headers of arrays have them.

/// A literal.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A string.
    Text(String),
    /// A whole number from 0.
    Whole(u64),
    /// True or False.
    Truth(bool),
    /// A list or a tuple.
    List(Vec<Literal>),
    /// A dictionary whose keys are strings.
    Dict(Vec<(String, Literal)>),
}

/// Lists within lists: a header has four.
const DEEPEST: u32 = 8;

impl Literal {
    /// The one that a text is, spaces around it aside.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = Rest(text);
        let literal = rest.literal(DEEPEST)?;
        rest.skip_spaces();
        rest.0.is_empty().then_some(literal)
    }

    /// What a dictionary has under a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Dict(entries) = self else { return None };
        entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }
}

/// What is still to be read.
struct Rest<'t>(&'t str);

impl Rest<'_> {
    fn skip_spaces(&mut self) {
        self.0 = self.0.trim_start();
    }

    /// Goes on behind this, if it is next.
    fn eat(&mut self, what: &str) -> bool {
        self.skip_spaces();
        let rest = self.0.strip_prefix(what);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn literal(&mut self, deepest: u32) -> Option<Literal> {
        let within = deepest.checked_sub(1)?;
        self.skip_spaces();
        match self.0.chars().next()? {
            '\'' | '"' | 'u' | 'b' => self.text().map(Literal::Text),
            '0'..='9' => self.whole().map(Literal::Whole),
            'T' => self.eat("True").then_some(Literal::Truth(true)),
            'F' => self.eat("False").then_some(Literal::Truth(false)),
            '(' | '[' => {
                let end = if self.eat("(") {
                    ")"
                } else if self.eat("[") {
                    "]"
                } else {
                    return None;
                };
                self.until(end, |rest| rest.literal(within)).map(Literal::List)
            }
            '{' => {
                let entry = |rest: &mut Self| {
                    rest.skip_spaces();
                    let key = rest.text()?;
                    if rest.eat(":") { Some((key, rest.literal(within)?)) } else { None }
                };
                self.eat("{").then_some(())?;
                self.until("}", entry).map(Literal::Dict)
            }
            _ => None,
        }
    }

    /// What stands between commas up to `end`; the last one may be followed by a comma as well.
    fn until<T>(&mut self, end: &str, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut all = Vec::new();
        while !self.eat(end) {
            all.push(one(self)?);
            if !self.eat(",") {
                return self.eat(end).then_some(all);
            }
        }
        Some(all)
    }

    fn whole(&mut self) -> Option<u64> {
        let digits = self.0.len() - self.0.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
        let (number, rest) = self.0.split_at(digits);
        // Python 2 wrote long numbers as 3L.
        self.0 = rest.strip_prefix('L').unwrap_or(rest);
        number.parse().ok()
    }

    /// A string; of escapes only those of quotes and backslashes.
    fn text(&mut self) -> Option<String> {
        let mut rest = self.0.strip_prefix(['u', 'b']).unwrap_or(self.0).chars();
        let (quote, mut text) = (rest.next().filter(|quote| matches!(quote, '\'' | '"'))?, String::new());
        loop {
            match rest.next()? {
                '\\' => text.push(rest.next().filter(|escaped| matches!(escaped, '\'' | '"' | '\\'))?),
                end if end == quote => break,
                other => text.push(other),
            }
        }
        self.0 = rest.as_str();
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::Literal::{self, Dict, List, Text, Truth, Whole};

    #[test]
    fn headers_are_read_as_python_reads_them() {
        let text =
            "{'descr': [('a b', '<f8'), (\"it's\", '|u1', (2,))], 'fortran_order': False, 'shape': (3L, 4), }  \n";
        let name = |name: &str, of: &str| vec![Text(name.into()), Text(of.into())];
        let second = [name("it's", "|u1"), vec![List(vec![Whole(2)])]].concat();
        let read = Literal::parse(text).expect("a literal");
        assert_eq!(read.get("descr"), Some(&List(vec![List(name("a b", "<f8")), List(second)])));
        assert_eq!(read.get("fortran_order"), Some(&Truth(false)));
        assert_eq!(read.get("shape"), Some(&List(vec![Whole(3), Whole(4)])));
        assert_eq!(read.get("dtype"), None);
        assert_eq!(Literal::parse("()"), Some(List(vec![])));
        assert_eq!(Literal::parse("{}"), Some(Dict(vec![])));
        assert_eq!(Literal::parse(r"'a\\\'b'"), Some(Text(r"a\'b".into())));
    }

    #[test]
    fn what_is_no_literal_is_none() {
        let deep = "(".repeat(1 << 20);
        for text in ["", "{", "(1", "(1 2)", "(,)", "'a", "'a\\", "{'a' 1}", "{1: 2}", "1 2", "-1", "1.5", "None", "u"]
        {
            assert_eq!(Literal::parse(text), None, "{text}");
        }
        assert_eq!(Literal::parse("18446744073709551616"), None);
        assert_eq!(Literal::parse(&deep), None);
    }
}
