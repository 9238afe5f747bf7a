"""Smart meters that do not exist: day-time patterns, accelerated time, back-fill, and replay of real files."""
