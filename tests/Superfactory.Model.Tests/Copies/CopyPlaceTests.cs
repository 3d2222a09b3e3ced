using Superfactory.Model.Copies;

namespace Superfactory.Model.Tests.Copies;

public sealed class CopyPlaceTests
{
    [Theory]
    [InlineData("atlanta:/data/run-7", "atlanta", "/data/run-7")]
    [InlineData("site_1:dotnet-docs", "site_1", "dotnet-docs")]
    [InlineData("atlanta:/a:b", "atlanta", "/a:b")]
    [InlineData("atlanta:.", "atlanta", ".")]
    public void Place_is_read_at_the_first_colon(string text, string site, string path)
    {
        var place = CopyPlace.Parse(text, "source").Value.ShouldNotBeNull();

        place.ShouldBe(new CopyPlace(site, path));
        place.ToString().ShouldBe(text);
    }

    [Theory]
    [InlineData("/data/run-7", "source: '/data/run-7' names no site: expected a site, a colon and a path, such as atlanta:/data/run-7.")]
    [InlineData("", "source: '' names no site")]
    [InlineData(":/data", "source: '' is no name of a site")]
    [InlineData("at lanta:/data", "source: 'at lanta' is no name of a site")]
    [InlineData("atlanta:", "source: 'atlanta:' has no path")]
    [InlineData("atlanta:~/x", "source: '~/x' begins with '~'")]
    [InlineData("atlanta:/a\0b", "source: The path at atlanta holds a zero")]
    public void Wrong_place_is_a_problem_that_says_what_was_expected(string text, string message)
        => CopyPlace.Parse(text, "source").Problems.ShouldHaveSingleItem().ToString().ShouldStartWith(message);

    [Fact]
    public void Path_that_no_system_takes_is_a_problem()
        => CopyPlace.Parse($"atlanta:/{new string('ö', 2048)}", "destination").Problems.ShouldHaveSingleItem().Field.ShouldBe("destination");
}
