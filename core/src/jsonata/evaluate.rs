//! Walks the tree of an expression.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::mem;
use std::rc::{Rc, Weak};
use std::sync::Arc;

use regex::Regex;
use serde_json::Value;

use super::functions;
use super::parse::{Expr, Lambda, Operator, Step};
use super::value::{Item, Size};

/// How many expressions may be evaluated, and values made, for a result that is asked for once.
pub(super) const MAX_STEPS: u64 = 2_000_000;
/// How deep expressions may nest while they are evaluated, functions that call each other included.
const MAX_DEPTH: u32 = 400;
/// How deep lists and objects may nest in a value that an expression makes.
const MAX_VALUE_DEPTH: u32 = 256;
/// How many values one value may be made of, what it shares written out; what comes in may be larger, and then twice that.
const MAX_VALUES: usize = 500_000;
/// How many values are looked at in one step where hardly anything is done with each.
pub(super) const VALUES_A_STEP: usize = 16;
/// How many numbers a range may hold.
const MAX_RANGE: f64 = 100_000.0;

/// Something that can be called.
pub(super) enum Function {
    /// Of the standard library.
    Known(&'static str),
    /// One of the expression's own, with the variables where it was made.
    Own(Arc<Lambda>, Rc<Scope>),
    /// A pattern, which finds its first match.
    Pattern(Regex),
}

/// The variables of a block.
#[derive(Default)]
pub(super) struct Scope {
    variables: RefCell<HashMap<Arc<str>, Item>>,
    outer: Option<Rc<Scope>>,
}

thread_local! {
    /// What is still to be dropped, while a scope is: functions that hold the scopes of functions may make a chain of any length, and each
    /// must not be dropped inside the one before.
    static DROPPING: RefCell<Option<Vec<Scope>>> = const { RefCell::new(None) };
}

impl Drop for Scope {
    fn drop(&mut self) {
        if self.outer.is_none() && self.variables.get_mut().is_empty() {
            return;
        }
        let own = Self { variables: mem::take(&mut self.variables), outer: self.outer.take() };
        let is_first = DROPPING.with_borrow_mut(|waiting| {
            let is_first = waiting.is_none();
            waiting.get_or_insert_default().push(own);
            is_first
        });
        if !is_first {
            return;
        }
        while let Some(mut next) = DROPPING.with_borrow_mut(|waiting| waiting.as_mut().and_then(Vec::pop)) {
            drop(mem::take(next.variables.get_mut()));
            drop(next.outer.take());
        }
        DROPPING.set(None);
    }
}

impl Scope {
    fn inside(outer: &Rc<Self>) -> Rc<Self> {
        Rc::new(Self { variables: RefCell::default(), outer: Some(Rc::clone(outer)) })
    }

    fn find(&self, name: &str) -> Option<Item> {
        let mut scope = Some(self);
        while let Some(inner) = scope {
            if let Some(value) = inner.variables.borrow().get(name) {
                return Some(value.clone());
            }
            scope = inner.outer.as_deref();
        }
        None
    }

    fn set(&self, name: &Arc<str>, value: Item) {
        self.variables.borrow_mut().insert(Arc::clone(name), value);
    }
}

/// Evaluates one expression.
pub(super) struct Evaluator {
    steps: Cell<u64>,
    most_steps: u64,
    depth: Cell<u32>,
    root: Item,
    /// How large a value may be.
    largest: Size,
    /// The scopes that functions keep: one that is a variable of its own scope would keep it for ever.
    kept: RefCell<Vec<Weak<Scope>>>,
}

impl Drop for Evaluator {
    fn drop(&mut self) {
        for scope in self.kept.take().iter().filter_map(Weak::upgrade) {
            let variables = scope.variables.take();
            drop(variables);
        }
    }
}

type Outcome = Result<Item, String>;

impl Evaluator {
    pub(super) fn run(expr: &Expr, input: &Value, most_steps: u64) -> Outcome {
        let root = Item::of_json(input);
        let given = root.size();
        let largest = Size {
            depth: MAX_VALUE_DEPTH.max(given.depth.saturating_mul(2)),
            values: MAX_VALUES.max(given.values.saturating_mul(2)),
        };
        let evaluator = Self {
            steps: Cell::new(0),
            most_steps,
            depth: Cell::new(0),
            root: root.clone(),
            largest,
            kept: RefCell::default(),
        };
        let scope = Rc::new(Scope::default());
        evaluator.eval(expr, &root, &scope)
    }

    /// Counts `count` steps.
    pub(super) fn count(&self, count: usize) -> Result<(), String> {
        let steps = self.steps.get().saturating_add(count as u64);
        self.steps.set(steps);
        if steps > self.most_steps {
            return Err(format!("it takes more than {} steps", self.most_steps));
        }
        Ok(())
    }

    /// Counts the steps of looking at all of `item`, what it shares as often as it shares it.
    pub(super) fn count_look(&self, item: &Item) -> Result<(), String> {
        self.count(item.size().values / VALUES_A_STEP)
    }

    /// Returns `item`, unless it has become too large.
    fn bounded(&self, item: Item) -> Outcome {
        let size = item.size();
        if size.depth > self.largest.depth {
            return Err(format!("it makes a value that nests deeper than {}", self.largest.depth));
        }
        if size.values > self.largest.values {
            return Err(format!("it makes a value of more than {} parts", self.largest.values));
        }
        Ok(item)
    }

    /// Returns `item` as `$string` prints it.
    pub(super) fn print(&self, item: &Item) -> Result<String, String> {
        self.count(item.size().values)?;
        Ok(item.print())
    }

    /// Returns whether two values are the same.
    pub(super) fn equal(&self, left: &Item, right: &Item) -> Result<bool, String> {
        let is_same_kind = mem::discriminant(left) == mem::discriminant(right);
        if is_same_kind {
            self.count((left.size().values - 1).saturating_add(right.size().values - 1))?;
        }
        Ok(is_same_kind && left.equals(right))
    }

    /// Returns whether a value counts as true.
    pub(super) fn is_truthy(&self, item: &Item) -> Result<bool, String> {
        self.count_look(item)?;
        Ok(item.is_truthy())
    }

    fn eval(&self, expr: &Expr, context: &Item, scope: &Rc<Scope>) -> Outcome {
        self.count(1)?;
        let depth = self.depth.get();
        if depth >= MAX_DEPTH {
            return Err(format!("it nests deeper than {MAX_DEPTH}"));
        }
        self.depth.set(depth + 1);
        let result = self.eval_one(expr, context, scope);
        self.depth.set(depth);
        self.bounded(result?)
    }

    fn eval_one(&self, expr: &Expr, context: &Item, scope: &Rc<Scope>) -> Outcome {
        match expr {
            Expr::Null => Ok(Item::Null),
            Expr::Bool(flag) => Ok(Item::Bool(*flag)),
            Expr::Number(number) => Ok(Item::Number(*number)),
            Expr::Text(text) => Ok(Item::text(text)),
            Expr::Regex(regex) => Ok(Item::Function(Rc::new(Function::Pattern(regex.clone())))),
            Expr::Variable(name) => Ok(match &**name {
                "" => context.clone(),
                "$" => self.root.clone(),
                name => match scope.find(name) {
                    Some(value) => value,
                    None => functions::find(name)
                        .map_or(Item::Nothing, |name| Item::Function(Rc::new(Function::Known(name)))),
                },
            }),
            Expr::Field(name) => {
                match context {
                    Item::Object(members) => self.count(members.len() / VALUES_A_STEP)?,
                    _ => self.count_look(context)?,
                }
                Ok(context.member(name))
            }
            Expr::Members => {
                self.count_look(context)?;
                Ok(members(context))
            }
            Expr::Descendants => {
                let mut found = Vec::new();
                self.descend(context, &mut found)?;
                Ok(Item::sequence(found))
            }
            Expr::Path(steps) => self.path(steps, context, scope),
            Expr::List(items) => {
                let mut list = Vec::new();
                for item in items {
                    let value = self.eval(item, context, scope)?;
                    if matches!(item, Expr::List(_)) {
                        list.push(value);
                    } else {
                        self.count(value.items().len() / VALUES_A_STEP)?;
                        list.extend_from_slice(value.items());
                    }
                }
                Ok(Item::list(list))
            }
            Expr::Object(pairs) => self.object(pairs, context, scope),
            Expr::Group(subject, pairs) => {
                let items = self.eval(subject, context, scope)?;
                self.group(items.items(), pairs, scope)
            }
            Expr::Binary(operator, left, right) => self.binary(*operator, left, right, context, scope),
            Expr::Negate(operand) => match self.eval(operand, context, scope)? {
                Item::Nothing => Ok(Item::Nothing),
                Item::Number(number) => Ok(Item::Number(-number)),
                _ => Err("`-` wants a number".to_owned()),
            },
            Expr::Condition(condition, then, otherwise) => {
                let condition = self.eval(condition, context, scope)?;
                if self.is_truthy(&condition)? {
                    self.eval(then, context, scope)
                } else {
                    otherwise
                        .as_ref()
                        .map_or(Ok(Item::Nothing), |otherwise| self.eval(otherwise, context, scope))
                }
            }
            Expr::Call(function, arguments) => {
                let function = self.eval(function, context, scope)?;
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    values.push(self.eval(argument, context, scope)?);
                }
                self.call(&function, values, context)
            }
            Expr::Lambda(lambda) => {
                self.kept.borrow_mut().push(Rc::downgrade(scope));
                Ok(Item::Function(Rc::new(Function::Own(Arc::clone(lambda), Rc::clone(scope)))))
            }
            Expr::Block(body) => {
                let inner = Scope::inside(scope);
                let mut result = Item::Nothing;
                for expr in body {
                    result = self.eval(expr, context, &inner)?;
                }
                Ok(result)
            }
            Expr::Bind(name, value) => {
                let value = self.eval(value, context, scope)?;
                scope.set(name, value.clone());
                Ok(value)
            }
        }
    }

    fn descend(&self, item: &Item, found: &mut Vec<Item>) -> Result<(), String> {
        self.count(1)?;
        match item {
            Item::List(items) => items.iter().try_for_each(|item| self.descend(item, found)),
            Item::Object(members) => {
                found.push(item.clone());
                members.iter().try_for_each(|(_, value)| self.descend(value, found))
            }
            Item::Nothing => Ok(()),
            other => {
                found.push(other.clone());
                Ok(())
            }
        }
    }

    fn path(&self, steps: &[Step], context: &Item, scope: &Rc<Scope>) -> Outcome {
        let mut current = vec![context.clone()];
        let mut keeps_list = false;
        for (index, step) in steps.iter().enumerate() {
            let mut next = Vec::new();
            // Only the first step sees a list as a whole, for a name means a member of each of its items.
            let inputs: Vec<Item> =
                if index == 0 { current } else { current.iter().flat_map(Item::items).cloned().collect() };
            for input in &inputs {
                let value = self.eval(&step.expr, input, scope)?;
                let value = self.filter(value, &step.filters, scope)?;
                let is_whole = matches!(step.expr, Expr::List(_)) && index > 0;
                if is_whole {
                    next.push(value);
                } else {
                    self.count(value.items().len() / VALUES_A_STEP)?;
                    next.extend_from_slice(value.items());
                }
            }
            keeps_list |= step.keeps_list;
            current = next;
        }
        if keeps_list && !current.is_empty() { Ok(Item::list(current)) } else { Ok(Item::sequence(current)) }
    }

    fn filter(&self, value: Item, filters: &[Expr], scope: &Rc<Scope>) -> Outcome {
        let mut value = value;
        for filter in filters {
            let items = value.items();
            if let Expr::Number(number) = filter {
                value = at(items, *number);
                continue;
            }
            let mut kept = Vec::new();
            for (index, item) in items.iter().enumerate() {
                let holds = match self.eval(filter, item, scope)? {
                    Item::Number(number) => same_place(number, index, items.len()),
                    Item::List(numbers) if numbers.iter().all(|item| matches!(item, Item::Number(_))) => {
                        numbers.iter().any(|item| matches!(item, Item::Number(number) if same_place(*number, index, items.len())))
                    }
                    other => self.is_truthy(&other)?,
                };
                if holds {
                    kept.push(item.clone());
                }
            }
            value = Item::sequence(kept);
        }
        Ok(value)
    }

    fn object(&self, pairs: &[(Expr, Expr)], context: &Item, scope: &Rc<Scope>) -> Outcome {
        let mut members: Vec<(Rc<str>, Item)> = Vec::with_capacity(pairs.len());
        for (name, value) in pairs {
            let name = self.name(name, context, scope)?;
            let value = self.eval(value, context, scope)?;
            if let Some(name) = name.filter(|_| !matches!(value, Item::Nothing)) {
                members.retain(|(other, _)| *other != name);
                members.push((name, value));
            }
        }
        Ok(Item::object(members))
    }

    fn name(&self, name: &Expr, context: &Item, scope: &Rc<Scope>) -> Result<Option<Rc<str>>, String> {
        match self.eval(name, context, scope)? {
            Item::Nothing => Ok(None),
            Item::Text(name) => Ok(Some(name)),
            _ => Err("a member's name must be a text".to_owned()),
        }
    }

    /// Puts items with the same name together and makes one value of each group.
    fn group(&self, items: &[Item], pairs: &[(Expr, Expr)], scope: &Rc<Scope>) -> Outcome {
        let mut groups: Vec<(Rc<str>, &Expr, Vec<Item>)> = Vec::new();
        for item in items {
            for (name, value) in pairs {
                let Some(name) = self.name(name, item, scope)? else { continue };
                self.count(groups.len() / 16)?;
                match groups.iter_mut().find(|(other, ..)| *other == name) {
                    Some((.., group)) => group.push(item.clone()),
                    None => groups.push((name, value, vec![item.clone()])),
                }
            }
        }
        let mut members = Vec::with_capacity(groups.len());
        for (name, value, group) in groups {
            let value = self.eval(value, &Item::sequence(group), scope)?;
            if !matches!(value, Item::Nothing) {
                members.push((name, value));
            }
        }
        Ok(Item::object(members))
    }

    fn binary(
        &self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
        context: &Item,
        scope: &Rc<Scope>,
    ) -> Outcome {
        let left = self.eval(left, context, scope)?;
        match operator {
            Operator::And if !self.is_truthy(&left)? => return Ok(Item::Bool(false)),
            Operator::Or if self.is_truthy(&left)? => return Ok(Item::Bool(true)),
            Operator::Apply => {
                // `value ~> $f(x)` puts the value before the arguments.
                if let Expr::Call(function, arguments) = right {
                    let function = self.eval(function, context, scope)?;
                    let mut values = vec![left];
                    for argument in arguments {
                        values.push(self.eval(argument, context, scope)?);
                    }
                    return self.call(&function, values, context);
                }
                let function = self.eval(right, context, scope)?;
                return self.call(&function, vec![left], context);
            }
            _ => {}
        }
        let right = self.eval(right, context, scope)?;
        let result = match operator {
            Operator::And | Operator::Or => Item::Bool(self.is_truthy(&right)?),
            Operator::Equal => Item::Bool(self.equal(&left, &right)?),
            Operator::NotEqual => Item::Bool(!self.equal(&left, &right)?),
            Operator::In => {
                for item in right.items() {
                    self.count(1)?;
                    if self.equal(item, &left)? {
                        return Ok(Item::Bool(true));
                    }
                }
                Item::Bool(false)
            }
            Operator::Join => Item::text(self.print(&left)? + &self.print(&right)?),
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
                let order = match (&left, &right) {
                    (Item::Nothing, _) | (_, Item::Nothing) => return Ok(Item::Nothing),
                    (Item::Number(left), Item::Number(right)) => left.partial_cmp(right),
                    (Item::Text(left), Item::Text(right)) => Some(left.cmp(right)),
                    _ => {
                        return Err(
                            "only numbers with numbers and texts with texts can be compared".to_owned()
                        );
                    }
                };
                Item::Bool(order.is_some_and(|order| match operator {
                    Operator::Less => order.is_lt(),
                    Operator::LessOrEqual => order.is_le(),
                    Operator::Greater => order.is_gt(),
                    _ => order.is_ge(),
                }))
            }
            Operator::Range => return self.range(&left, &right),
            _ => match (&left, &right) {
                (Item::Nothing, _) | (_, Item::Nothing) => Item::Nothing,
                (Item::Number(left), Item::Number(right)) => Item::Number(match operator {
                    Operator::Add => left + right,
                    Operator::Subtract => left - right,
                    Operator::Multiply => left * right,
                    Operator::Divide => left / right,
                    _ => left % right,
                }),
                _ => return Err("only numbers can be calculated with".to_owned()),
            },
        };
        Ok(result)
    }

    fn range(&self, low: &Item, high: &Item) -> Outcome {
        let (Item::Number(low), Item::Number(high)) = (low, high) else {
            return if matches!((low, high), (Item::Nothing, _) | (_, Item::Nothing)) {
                Ok(Item::Nothing)
            } else {
                Err("`..` wants two numbers".to_owned())
            };
        };
        if high - low > MAX_RANGE || low.fract() != 0.0 || high.fract() != 0.0 {
            return Err(format!("`..` wants whole numbers not further apart than {MAX_RANGE}"));
        }
        let mut numbers = Vec::new();
        let mut number = *low;
        while number <= *high {
            numbers.push(Item::Number(number));
            number += 1.0;
        }
        self.count(numbers.len())?;
        Ok(Item::list(numbers))
    }

    /// Calls `function`; `context` takes the place of a first argument that is left out where the library says so.
    pub(super) fn call(&self, function: &Item, arguments: Vec<Item>, context: &Item) -> Outcome {
        let Item::Function(function) = function else {
            return Err("only a function can be called".to_owned());
        };
        match &**function {
            Function::Known(name) => self.bounded(functions::call(self, name, arguments, context)?),
            Function::Own(lambda, scope) => {
                let inner = Scope::inside(scope);
                let mut arguments = arguments.into_iter();
                for parameter in &lambda.parameters {
                    inner.set(parameter, arguments.next().unwrap_or(Item::Nothing));
                }
                self.eval(&lambda.body, context, &inner)
            }
            Function::Pattern(regex) => {
                let text = self.print(arguments.first().unwrap_or(&Item::Nothing))?;
                Ok(functions::matches(self, regex, &text, 1)?.into_iter().next().unwrap_or(Item::Nothing))
            }
        }
    }
}

fn members(item: &Item) -> Item {
    match item {
        Item::Object(members) => {
            Item::sequence(members.iter().flat_map(|(_, value)| value.items()).cloned().collect())
        }
        Item::List(items) => {
            let found = items.iter().map(members).collect::<Vec<_>>();
            Item::sequence(found.iter().flat_map(Item::items).cloned().collect())
        }
        _ => Item::Nothing,
    }
}

/// Returns the item at a place; negative ones count from the end.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "it is in range"
)]
fn at(items: &[Item], number: f64) -> Item {
    let number = number.floor();
    let number = if number < 0.0 { number + items.len() as f64 } else { number };
    if number < 0.0 || number >= items.len() as f64 {
        return Item::Nothing;
    }
    items.get(number as usize).cloned().unwrap_or(Item::Nothing)
}

#[expect(clippy::cast_precision_loss, reason = "lists are not that long")]
fn same_place(number: f64, index: usize, length: usize) -> bool {
    let number = number.floor();
    let wanted = if number < 0.0 { number + length as f64 } else { number };
    (wanted - index as f64).abs() < 0.5
}
