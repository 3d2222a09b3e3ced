using Superfactory.Site.Data;

namespace Superfactory.Site.Tests.Data;

public sealed class TextFilesTests
{
    [Fact]
    public void Whitespace_is_normalized_and_indentation_kept() =>
        TextFiles.Normalize("\uFEFF\r\n\r\nTitle  \r\n\r\n\r\n\r\n    code\t\n text\n\n").ShouldBe("Title\n\n    code\n text");

    [Theory]
    [InlineData(10)]
    [InlineData(37)]
    [InlineData(200)]
    public void Cutting_loses_nothing_but_whitespace_and_keeps_the_limit(int limit)
    {
        var text = string.Join("\n\n", Enumerable.Range(0, 30).Select(static number => $"Paragraph {number} with 😀 and\nanother line."));

        var pieces = TextFiles.Cut(text, limit).ToArray();

        pieces.ShouldAllBe(piece => piece.Length <= limit && !char.IsLowSurrogate(piece[0]));
        WithoutWhitespace(string.Concat(pieces)).ShouldBe(WithoutWhitespace(text));
    }

    [Fact]
    public void Text_is_cut_between_paragraphs_where_it_can_be() =>
        TextFiles.Cut("One one one.\n\nTwo two.\n\nThree three three.", 26).ShouldBe(["One one one.\n\nTwo two.", "Three three three."]);

    private static string WithoutWhitespace(string text) => string.Concat(text.Where(static character => !char.IsWhiteSpace(character)));
}
