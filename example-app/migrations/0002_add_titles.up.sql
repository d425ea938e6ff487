-- Nothing is in it yet, so it cannot be NOT NULL before version 4.
ALTER TABLE notes ADD COLUMN title TEXT;
