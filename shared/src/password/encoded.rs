//! How other systems write what a stored hash consists of. Each is read strictly: there is one way to
//! write a number or bytes.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use zeroize::Zeroizing;

use super::bounds::{LONGEST_OUTPUT, SHORTEST_OUTPUT};

/// The parts between these separators, where there are so many.
pub(super) fn parts<const N: usize>(text: &str, separator: char) -> Option<[&str; N]> {
    let parts: Vec<&str> = text.split(separator).take(N + 1).collect();
    parts.try_into().ok()
}

/// A decimal number without a sign or leading zeros.
pub(super) fn number(text: &str) -> Option<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let leading = text.len() > 1 && text.starts_with('0');
    text.parse().ok().filter(|_| digits && !leading)
}

/// The numbers of `a=1,b=2`, where these are the names.
pub(super) fn named<const N: usize>(text: &str, names: [&str; N]) -> Option<[u32; N]> {
    let parts: [&str; N] = parts(text, ',')?;
    let mut numbers = [0; N];
    for ((number_of, part), name) in numbers.iter_mut().zip(parts).zip(names) {
        *number_of = number(part.strip_prefix(name)?.strip_prefix('=')?)?;
    }
    Some(numbers)
}

/// Base64 without padding, as PHC strings have it.
pub(super) fn phc(text: &str) -> Option<Vec<u8>> {
    STANDARD_NO_PAD
        .decode(text)
        .ok()
        .filter(|bytes| !bytes.is_empty())
}

/// Base64 as passlib has it: without padding, and with `.` for `+`.
pub(super) fn passlib(text: &str) -> Option<Vec<u8>> {
    (!text.contains('+'))
        .then(|| text.replace('.', "+"))
        .and_then(|text| phc(&text))
}

/// Base64 with padding.
pub(super) fn padded(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Lower-case hex.
pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    pairs.iter().map(byte).collect()
}

/// Bytes in lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> Zeroizing<String> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.map(|digit| char::from(DIGITS[usize::from(digit)]));
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    text.extend(digits);
    text
}

/// What a PHC string may have as its hash.
pub(super) fn output(bytes: Vec<u8>) -> Option<Vec<u8>> {
    (SHORTEST_OUTPUT..=LONGEST_OUTPUT)
        .contains(&bytes.len())
        .then_some(bytes)
}
