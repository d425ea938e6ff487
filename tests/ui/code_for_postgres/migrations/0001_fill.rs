pub fn up(_: &()) -> Result<(), String> { Ok(()) }
