//! Reads an expression into a tree.

use std::sync::Arc;

use regex::Regex;

use crate::config::pattern;

/// The longest expression, in bytes.
const MAX_TEXT: usize = 64 * 1024;
/// How deep expressions may nest.
const MAX_DEPTH: usize = 64;

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Null,
    Bool(bool),
    Number(f64),
    Text(Arc<str>),
    Regex(Regex),
    /// `$name`; the name of `$` is empty, that of `$$` is `$`.
    Variable(Arc<str>),
    Field(Arc<str>),
    /// `*`
    Members,
    /// `**`
    Descendants,
    Path(Vec<Step>),
    List(Vec<Expr>),
    Object(Vec<(Expr, Expr)>),
    /// `path{key: value}`
    Group(Box<Expr>, Vec<(Expr, Expr)>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    Condition(Box<Expr>, Box<Expr>, Option<Box<Expr>>),
    Call(Box<Expr>, Vec<Expr>),
    Lambda(Arc<Lambda>),
    Block(Vec<Expr>),
    Bind(Arc<str>, Box<Expr>),
}

/// A function of one's own.
#[derive(Debug)]
pub(super) struct Lambda {
    pub(super) parameters: Vec<Arc<str>>,
    pub(super) body: Expr,
}

/// One step of a path, with its filters.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) expr: Expr,
    pub(super) filters: Vec<Expr>,
    /// `[]`: one result stays a list.
    pub(super) keeps_list: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Join,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    And,
    Or,
    Range,
    Apply,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    Regex(String, String),
    Variable(String),
    Name(String),
    Sign(&'static str),
    End,
}

/// Longer signs first.
const SIGNS: &[&str] = &[
    "**", "..", ":=", "!=", "<=", ">=", "~>", ".", "[", "]", "{", "}", "(", ")", ",", "@", "#", ";", ":",
    "?", "+", "-", "*", "/", "%", "|", "=", "<", ">", "^", "&",
];

pub(super) fn parse(text: &str) -> Result<Expr, String> {
    if text.len() > MAX_TEXT {
        return Err(format!("it is longer than {MAX_TEXT} bytes"));
    }
    let mut parser = Parser { text, at: 0, token: Token::End, depth: 0 };
    parser.advance(Place::Prefix)?;
    let expr = parser.expression(0)?;
    if parser.token != Token::End {
        return Err(format!("{} is not expected", parser.describe()));
    }
    Ok(expr)
}

/// Whether a `/` starts a regular expression or divides.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Prefix,
    Infix,
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    token: Token,
    depth: usize,
}

impl Parser<'_> {
    fn describe(&self) -> String {
        match &self.token {
            Token::End => "the end".to_owned(),
            Token::Number(number) => format!("`{number}`"),
            Token::Text(text) => format!("the text `{text}`"),
            Token::Regex(source, _) => format!("`/{source}/`"),
            Token::Variable(name) => format!("`${name}`"),
            Token::Name(name) => format!("`{name}`"),
            Token::Sign(sign) => format!("`{sign}`"),
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) -> Result<(), String> {
        loop {
            let rest = self.rest();
            let blanks = rest.len() - rest.trim_start().len();
            self.at += blanks;
            let Some(comment) = self.rest().strip_prefix("/*") else { return Ok(()) };
            let end = comment.find("*/").ok_or("a comment is not closed")?;
            self.at += end + 4;
        }
    }

    fn advance(&mut self, place: Place) -> Result<(), String> {
        self.skip_blanks()?;
        let rest = self.text.get(self.at..).unwrap_or_default();
        let Some(first) = rest.chars().next() else {
            self.token = Token::End;
            return Ok(());
        };
        let (token, length) = match first {
            '"' | '\'' => text_token(rest, first)?,
            '`' => {
                let body = rest.get(1..).unwrap_or_default();
                let end = body.find('`').ok_or("a name in backticks is not closed")?;
                (Token::Name(body.get(..end).unwrap_or_default().to_owned()), end + 2)
            }
            '/' if place == Place::Prefix => regex_token(rest)?,
            '0'..='9' => number_token(rest)?,
            '$' => {
                let name = word(rest.get(1..).unwrap_or_default());
                let name = if rest.starts_with("$$") { "$" } else { name };
                (Token::Variable(name.to_owned()), 1 + name.len())
            }
            _ => {
                if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
                    (Token::Sign(sign), sign.len())
                } else {
                    let name = word(rest);
                    if name.is_empty() {
                        return Err(format!("`{first}` is not expected"));
                    }
                    (Token::Name(name.to_owned()), name.len())
                }
            }
        };
        self.at += length;
        self.token = token;
        Ok(())
    }

    fn is(&self, sign: &str) -> bool {
        matches!(&self.token, Token::Sign(other) if *other == sign)
    }

    fn expect(&mut self, sign: &str, place: Place) -> Result<(), String> {
        if !self.is(sign) {
            return Err(format!("`{sign}` is expected, not {}", self.describe()));
        }
        self.advance(place)
    }

    fn expression(&mut self, power: u8) -> Result<Expr, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("it nests deeper than {MAX_DEPTH}"));
        }
        let mut left = self.prefix()?;
        while let Some(binding) = self.binding().filter(|binding| *binding > power) {
            left = self.infix(left, binding)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn prefix(&mut self) -> Result<Expr, String> {
        let token = std::mem::replace(&mut self.token, Token::End);
        match token {
            Token::Number(number) => self.then(Expr::Number(number)),
            Token::Text(text) => self.then(Expr::Text(text.into())),
            Token::Regex(source, flags) => {
                let flags = if flags.is_empty() { String::new() } else { format!("(?{flags})") };
                let regex = pattern::regex(&format!("{flags}{source}")).map_err(|error| error.to_string())?;
                self.then(Expr::Regex(regex))
            }
            Token::Variable(name) => self.then(Expr::Variable(name.into())),
            Token::Name(name) => {
                self.advance(Place::Infix)?;
                match name.as_str() {
                    "true" => Ok(Expr::Bool(true)),
                    "false" => Ok(Expr::Bool(false)),
                    "null" => Ok(Expr::Null),
                    "function" | "λ" if self.is("(") => self.lambda(),
                    _ => Ok(Expr::Field(name.into())),
                }
            }
            Token::Sign("-") => {
                self.advance(Place::Prefix)?;
                Ok(match self.expression(70)? {
                    Expr::Number(number) => Expr::Number(-number),
                    operand => Expr::Negate(Box::new(operand)),
                })
            }
            Token::Sign("*") => self.then(Expr::Members),
            Token::Sign("**") => self.then(Expr::Descendants),
            Token::Sign("(") => {
                self.advance(Place::Prefix)?;
                let mut body = Vec::new();
                while !self.is(")") {
                    body.push(self.expression(0)?);
                    if !self.is(";") {
                        break;
                    }
                    self.advance(Place::Prefix)?;
                }
                self.expect(")", Place::Infix)?;
                Ok(Expr::Block(body))
            }
            Token::Sign("[") => {
                self.advance(Place::Prefix)?;
                let items = self.list("]")?;
                Ok(Expr::List(items))
            }
            Token::Sign("{") => {
                self.advance(Place::Prefix)?;
                Ok(Expr::Object(self.members()?))
            }
            token => {
                self.token = token;
                Err(format!("{} is not expected", self.describe()))
            }
        }
    }

    fn then(&mut self, expr: Expr) -> Result<Expr, String> {
        self.advance(Place::Infix)?;
        Ok(expr)
    }

    /// Reads expressions up to `end`, which is taken too.
    fn list(&mut self, end: &str) -> Result<Vec<Expr>, String> {
        let mut items = Vec::new();
        while !self.is(end) {
            let mut item = self.expression(0)?;
            if self.is("..") {
                self.advance(Place::Prefix)?;
                item = Expr::Binary(Operator::Range, Box::new(item), Box::new(self.expression(0)?));
            }
            items.push(item);
            if !self.is(",") {
                break;
            }
            self.advance(Place::Prefix)?;
        }
        self.expect(end, Place::Infix)?;
        Ok(items)
    }

    fn members(&mut self) -> Result<Vec<(Expr, Expr)>, String> {
        let mut members = Vec::new();
        while !self.is("}") {
            let name = self.expression(0)?;
            self.expect(":", Place::Prefix)?;
            members.push((name, self.expression(0)?));
            if !self.is(",") {
                break;
            }
            self.advance(Place::Prefix)?;
        }
        self.expect("}", Place::Infix)?;
        Ok(members)
    }

    fn lambda(&mut self) -> Result<Expr, String> {
        self.advance(Place::Prefix)?;
        let mut parameters = Vec::new();
        while let Token::Variable(name) = &self.token {
            parameters.push(Arc::from(name.as_str()));
            self.advance(Place::Infix)?;
            if self.is(",") {
                self.advance(Place::Prefix)?;
            }
        }
        self.expect(")", Place::Infix)?;
        self.expect("{", Place::Prefix)?;
        let body = self.expression(0)?;
        self.expect("}", Place::Infix)?;
        Ok(Expr::Lambda(Arc::new(Lambda { parameters, body })))
    }

    fn binding(&self) -> Option<u8> {
        Some(match &self.token {
            Token::Sign("[" | "(") => 80,
            Token::Sign(".") => 75,
            Token::Sign("{") => 70,
            Token::Sign("*" | "/" | "%") => 60,
            Token::Sign("+" | "-" | "&") => 50,
            Token::Sign("=" | "!=" | "<" | "<=" | ">" | ">=" | "~>" | "^" | "@" | "#") => 40,
            Token::Name(name) => match name.as_str() {
                "in" => 40,
                "and" => 30,
                "or" => 25,
                _ => return None,
            },
            Token::Sign("?") => 20,
            Token::Sign(":=") => 10,
            _ => return None,
        })
    }

    fn infix(&mut self, left: Expr, binding: u8) -> Result<Expr, String> {
        let token = std::mem::replace(&mut self.token, Token::End);
        self.advance(Place::Prefix)?;
        match token {
            Token::Sign(".") => {
                let right = self.expression(75)?;
                let mut steps = steps(left);
                steps.extend(self::steps(right));
                Ok(Expr::Path(steps))
            }
            Token::Sign("[") => {
                let mut steps = steps(left);
                if self.is("]") {
                    self.advance(Place::Infix)?;
                    if let Some(last) = steps.last_mut() {
                        last.keeps_list = true;
                    }
                    return Ok(Expr::Path(steps));
                }
                let filter = self.expression(0)?;
                self.expect("]", Place::Infix)?;
                if let Some(last) = steps.last_mut() {
                    last.filters.push(filter);
                }
                Ok(Expr::Path(steps))
            }
            Token::Sign("(") => Ok(Expr::Call(Box::new(left), self.list(")")?)),
            Token::Sign("{") => Ok(Expr::Group(Box::new(left), self.members()?)),
            Token::Sign("?") => {
                let then = self.expression(0)?;
                let otherwise = if self.is(":") {
                    self.advance(Place::Prefix)?;
                    Some(Box::new(self.expression(0)?))
                } else {
                    None
                };
                Ok(Expr::Condition(Box::new(left), Box::new(then), otherwise))
            }
            Token::Sign(":=") => match left {
                Expr::Variable(name) => Ok(Expr::Bind(name, Box::new(self.expression(9)?))),
                _ => Err("only a variable can be set with `:=`".to_owned()),
            },
            token => {
                let operator = operator(&token)?;
                Ok(Expr::Binary(operator, Box::new(left), Box::new(self.expression(binding)?)))
            }
        }
    }
}

fn operator(token: &Token) -> Result<Operator, String> {
    Ok(match token {
        Token::Sign("+") => Operator::Add,
        Token::Sign("-") => Operator::Subtract,
        Token::Sign("*") => Operator::Multiply,
        Token::Sign("/") => Operator::Divide,
        Token::Sign("%") => Operator::Remainder,
        Token::Sign("&") => Operator::Join,
        Token::Sign("=") => Operator::Equal,
        Token::Sign("!=") => Operator::NotEqual,
        Token::Sign("<") => Operator::Less,
        Token::Sign("<=") => Operator::LessOrEqual,
        Token::Sign(">") => Operator::Greater,
        Token::Sign(">=") => Operator::GreaterOrEqual,
        Token::Sign("~>") => Operator::Apply,
        Token::Name(name) if name == "in" => Operator::In,
        Token::Name(name) if name == "and" => Operator::And,
        Token::Name(name) if name == "or" => Operator::Or,
        Token::Sign(sign) => return Err(format!("`{sign}` is not supported here")),
        _ => return Err("an operator is expected".to_owned()),
    })
}

/// Returns an expression as the steps of a path.
fn steps(expr: Expr) -> Vec<Step> {
    match expr {
        Expr::Path(steps) => steps,
        // A text in a path is the name of a member.
        Expr::Text(name) => vec![Step { expr: Expr::Field(name), filters: Vec::new(), keeps_list: false }],
        expr => vec![Step { expr, filters: Vec::new(), keeps_list: false }],
    }
}

/// Returns the letters, digits and underscores that `text` starts with.
fn word(text: &str) -> &str {
    let end = text.find(|char: char| !(char.is_alphanumeric() || char == '_'));
    text.get(..end.unwrap_or(text.len())).unwrap_or_default()
}

fn number_token(text: &str) -> Result<(Token, usize), String> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        from + rest.bytes().take_while(u8::is_ascii_digit).count()
    };
    let mut end = digits(0);
    // `1..3` is a range, not a fraction.
    if text.get(end..).is_some_and(|rest| rest.starts_with('.')) && digits(end + 1) > end + 1 {
        end = digits(end + 1);
    }
    if text.get(end..).is_some_and(|rest| rest.starts_with(['e', 'E'])) {
        let sign = usize::from(text.get(end + 1..).is_some_and(|rest| rest.starts_with(['+', '-'])));
        if digits(end + 1 + sign) > end + 1 + sign {
            end = digits(end + 1 + sign);
        }
    }
    let number = text.get(..end).and_then(|number| number.parse().ok()).ok_or("a number cannot be read")?;
    Ok((Token::Number(number), end))
}

fn text_token(text: &str, quote: char) -> Result<(Token, usize), String> {
    let mut result = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        match char {
            _ if char == quote => return Ok((Token::Text(result), at + 1)),
            '\\' => {
                let (_, escaped) = chars.next().ok_or("a text is not closed")?;
                result.push(match escaped {
                    'n' => '\n',
                    't' => '\t',
                    'r' => '\r',
                    'b' => '\u{8}',
                    'f' => '\u{c}',
                    'u' => {
                        let code: String = chars.by_ref().take(4).map(|(_, char)| char).collect();
                        u32::from_str_radix(&code, 16)
                            .ok()
                            .and_then(char::from_u32)
                            .ok_or("`\\u` wants four hex digits")?
                    }
                    other => other,
                });
            }
            _ => result.push(char),
        }
    }
    Err("a text is not closed".to_owned())
}

fn regex_token(text: &str) -> Result<(Token, usize), String> {
    let mut source = String::new();
    let mut in_class = false;
    let mut chars = text.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => {
                source.push(char);
                source.extend(chars.next().map(|(_, escaped)| escaped));
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => {
                let rest = text.get(at + 1..).unwrap_or_default();
                let flags: String = rest.chars().take_while(|flag| matches!(flag, 'i' | 'm')).collect();
                let length = at + 1 + flags.len();
                return Ok((Token::Regex(source, flags), length));
            }
            _ => {}
        }
        source.push(char);
    }
    Err("a regular expression is not closed".to_owned())
}
