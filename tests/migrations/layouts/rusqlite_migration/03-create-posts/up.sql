CREATE TABLE posts (
    id INTEGER PRIMARY KEY,
    author INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title TEXT NOT NULL
);
CREATE TRIGGER posts_trim AFTER INSERT ON posts BEGIN
    UPDATE posts SET title = trim(title) WHERE id = new.id;
    DELETE FROM posts WHERE title = '';
END;
