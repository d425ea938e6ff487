DROP INDEX documents_by_hash;
DROP INDEX document_tags_by_tag;
