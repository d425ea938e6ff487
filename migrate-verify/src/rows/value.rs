//! Values for a column that nothing is said about, and for one that something is said about.

use rusqlite::types::Value;

use super::hints::Hint;
use super::pattern;

/// What the values of a column look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Integer,
    Boolean,
    /// Seconds since 1970.
    Seconds,
    Real,
    Text,
    Uuid,
    Json,
    Date,
    Moment,
    Blob,
}

impl Shape {
    /// The value that the column has in the row with this number, from 1.
    ///
    /// It is the same for every column of this shape: columns that refer to each other without a
    /// foreign key do so in these rows.
    pub(super) fn value(self, number: usize) -> Value {
        let integer = integer(number);
        match self {
            Shape::Integer => Value::Integer(integer),
            Shape::Boolean => Value::Integer(integer % 2),
            Shape::Seconds => Value::Integer(NEW_YEAR + integer),
            #[expect(clippy::cast_precision_loss, reason = "rows are few")]
            Shape::Real => Value::Real(integer as f64 + 0.5),
            Shape::Text => Value::Text(format!("text{number}")),
            Shape::Uuid => Value::Text(format!("00000000-0000-4000-8000-{number:012}")),
            Shape::Json => Value::Text(format!("{{\"key\":{number}}}")),
            Shape::Date => Value::Text(date(number)),
            Shape::Moment => Value::Text(format!("{} 12:00:00", date(number))),
            Shape::Blob => Value::Blob(bytes(16, number)),
        }
    }

    pub(super) fn zero(self) -> Value {
        match self {
            Shape::Integer | Shape::Boolean | Shape::Seconds => Value::Integer(0),
            Shape::Real => Value::Real(0.0),
            Shape::Blob => Value::Blob(Vec::new()),
            _ => Value::Text(String::new()),
        }
    }

    pub(super) fn one(self) -> Value {
        match self {
            Shape::Integer | Shape::Boolean | Shape::Seconds => Value::Integer(1),
            Shape::Real => Value::Real(1.0),
            Shape::Blob => Value::Blob(vec![1]),
            _ => Value::Text("1".to_owned()),
        }
    }
}

/// The values that agree with a hint, best first; `hints` are all those of the column.
pub(super) fn of_hint(hint: &Hint, hints: &[Hint], shape: Shape, number: usize) -> Vec<Value> {
    match hint {
        Hint::Equal(value) => vec![value.clone()],
        Hint::Other(Value::Null) => vec![shape.value(number)],
        Hint::Other(value) => others_than(value, hints, shape, number),
        Hint::Counted { from, step, first } => counted(from, *step, *first, number),
        Hint::Begins(text) => vec![
            Value::Text(format!("{text}{number}")),
            Value::Text(text.clone()),
        ],
        Hint::Length(length) => of_length(*length, hints, shape, number),
        Hint::Like(pattern) => vec![Value::Text(pattern::like(pattern, number))],
        Hint::Glob(pattern) => vec![Value::Text(pattern::glob(pattern, number))],
        Hint::Only(alphabet) => {
            let mut lengths = hints.iter().filter_map(|hint| match hint {
                Hint::Length(length) => Some(*length),
                _ => None,
            });
            let length = lengths.next().unwrap_or(8);
            vec![Value::Text(pattern::text_of(alphabet, length, number))]
        }
        Hint::Type(name) => match name.as_str() {
            "integer" => vec![Shape::Integer.value(number)],
            "real" => vec![Shape::Real.value(number)],
            "text" if shape_of(&shape.value(number)) == Some(Shape::Text) => {
                vec![shape.value(number)]
            }
            "text" => vec![Shape::Text.value(number)],
            "blob" => vec![Shape::Blob.value(number)],
            _ => vec![Value::Null],
        },
        Hint::Json => vec![
            Shape::Json.value(number),
            Value::Text(format!("[{number}]")),
        ],
        Hint::Date => match shape {
            Shape::Seconds | Shape::Date | Shape::Moment => vec![shape.value(number)],
            _ => vec![Shape::Moment.value(number), Shape::Date.value(number)],
        },
    }
}

/// Values to fall back on.
pub(super) fn others(number: usize) -> Vec<Value> {
    let mut values: Vec<Value> = [
        Shape::Integer,
        Shape::Text,
        Shape::Moment,
        Shape::Date,
        Shape::Json,
        Shape::Uuid,
        Shape::Real,
        Shape::Blob,
    ]
    .iter()
    .map(|shape| shape.value(number))
    .collect();
    let hexadecimal: Vec<char> = "0123456789abcdef".chars().collect();
    let text = |text: &str| Value::Text(text.to_owned());
    values.extend([
        Value::Integer(integer(number) % 2),
        Value::Integer(0),
        Value::Integer(1),
        Value::Integer(-1),
        text(""),
        text("1"),
        text("a"),
        text("A"),
        text("{}"),
        text("[]"),
        Value::Text(pattern::text_of(&hexadecimal, 32, number)),
        Value::Text(pattern::text_of(&hexadecimal, 64, number)),
        Value::Blob(bytes(32, number)),
        Value::Integer(integer(number) * 10),
        Value::Integer(integer(number) * 1000),
        Value::Integer(NEW_YEAR + integer(number)),
        Value::Real(0.5),
    ]);
    values
}

/// 2024-01-01.
const NEW_YEAR: i64 = 1_704_067_200;

fn integer(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn date(number: usize) -> String {
    let day = number.saturating_sub(1);
    format!("2024-{:02}-{:02}", day / 28 % 12 + 1, day % 28 + 1)
}

fn bytes(length: usize, number: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    for (byte, part) in bytes.iter_mut().rev().zip(number.to_le_bytes()) {
        *byte = part;
    }
    bytes
}

fn shape_of(value: &Value) -> Option<Shape> {
    match value {
        Value::Null => None,
        Value::Integer(_) => Some(Shape::Integer),
        Value::Real(_) => Some(Shape::Real),
        Value::Text(_) => Some(Shape::Text),
        Value::Blob(_) => Some(Shape::Blob),
    }
}

/// Values like `value` that no hint excludes.
fn others_than(value: &Value, hints: &[Hint], shape: Shape, number: usize) -> Vec<Value> {
    let excluded = |value: &Value| hints.contains(&Hint::Other(value.clone()));
    let kind = match shape_of(value) {
        Some(kind) if shape_of(&shape.value(number)) != Some(kind) => kind,
        _ => shape,
    };
    // Rows differ although some numbers are left out.
    let most = hints.len() + 2;
    let shift = match (1..=most).any(|number| excluded(&kind.value(number))) {
        true => hints.len(),
        false => 0,
    };
    let values = (number + shift..).map(|number| kind.value(number));
    let values = values.take(most).filter(|value| !excluded(value));
    values.take(2).collect()
}

fn counted(from: &Value, step: i64, first: i64, number: usize) -> Vec<Value> {
    let near = step * first;
    let far = step * (first + integer(number) - 1);
    match from {
        Value::Integer(from) => [far, near, step * first.max(1)]
            .map(|by| Value::Integer(from.saturating_add(by)))
            .to_vec(),
        #[expect(clippy::cast_precision_loss, reason = "steps are few")]
        Value::Real(from) => [far as f64, near as f64, step as f64 / 1000.0]
            .map(|by| Value::Real(from + by))
            .to_vec(),
        Value::Text(text) if step > 0 => vec![
            Value::Text(format!("{text}{number}")),
            Value::Text(text.clone()),
        ],
        other => vec![other.clone()],
    }
}

fn of_length(length: usize, hints: &[Hint], shape: Shape, number: usize) -> Vec<Value> {
    let alphabet = hints.iter().find_map(|hint| match hint {
        Hint::Only(alphabet) => Some(alphabet.clone()),
        _ => None,
    });
    if let Some(alphabet) = alphabet {
        return vec![Value::Text(pattern::text_of(&alphabet, length, number))];
    }
    let digits: Vec<char> = ('0'..='9').collect();
    let mut text = pattern::text_of(&digits, length, number);
    // Not a zero first, which a column for numbers would drop.
    if text.starts_with('0') {
        text.replace_range(..1, "1");
    }
    let (text, blob) = (Value::Text(text), Value::Blob(bytes(length, number)));
    match shape {
        Shape::Blob => vec![blob, text],
        _ => vec![text, blob],
    }
}
