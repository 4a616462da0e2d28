"""The knowledge base 知识库: articles with their versions, search, import."""
