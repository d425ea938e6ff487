fn up() {}
