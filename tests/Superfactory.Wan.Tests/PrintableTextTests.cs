namespace Superfactory.Wan.Tests;

public sealed class PrintableTextTests
{
    [Theory]
    [InlineData("A link.", "A link.")]
    [InlineData("für 東京 😀", "für 東京 😀")]
    [InlineData("a\nb\u001b[2J", "a\\u000Ab\\u001B[2J")]
    [InlineData("a\u2028b\u202ec", "a\\u2028b\\u202Ec")]
    public void Text_of_others_stays_on_its_line_and_shows_what_is_in_it(string text, string printable)
        => PrintableText.Of(text).ShouldBe(printable);

    [Fact]
    public void Text_of_others_is_no_longer_than_it_may_be()
        => PrintableText.Of(new string('a', 100_000)).Length.ShouldBe(PrintableText.CharsMax);

    [Fact]
    public async Task Notice_of_a_stranger_whose_name_holds_a_line_end_is_one_line()
    {
        await using var site = new MemorySite("iowa");

        site.Core.Notice(new GatewayNotice(GatewayNoticeKind.PeerRefused, "a\nb", "A connection of 'a\nb' was refused."));

        site.Notices.ShouldBe([new GatewayNotice(GatewayNoticeKind.PeerRefused, "a\\u000Ab", "A connection of 'a\\u000Ab' was refused.")]);
    }
}
