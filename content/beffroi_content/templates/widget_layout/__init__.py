"""Parts that the templates of widgets share: their page, lists of entries, old data, the words they say."""
