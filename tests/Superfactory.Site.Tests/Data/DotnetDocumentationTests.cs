using Superfactory.Site.Data;

namespace Superfactory.Site.Tests.Data;

public sealed class DotnetDocumentationTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData("T:System.Text.Rune", "System.Text.Rune")]
    [InlineData("M:System.Text.Rune.TryCreate(System.Char,System.Text.Rune@)", "System.Text.Rune")]
    [InlineData("P:System.Text.Rune.Value", "System.Text.Rune")]
    [InlineData("M:System.Text.Rune.op_Explicit(System.Char)~System.Text.Rune", "System.Text.Rune")]
    [InlineData("M:System.Collections.Generic.List`1.System#Collections#IList#Add(System.Object)", "System.Collections.Generic.List`1")]
    [InlineData("F:Alone", "Alone")]
    public void Member_identifier_names_its_type(string member, string type) =>
        DotnetDocumentation.TypeOf(member).ShouldBe(type);

    [Fact]
    public void Members_of_a_type_become_one_document_of_plain_text()
    {
        Documentation("""
            <member name="T:Sample.Box`1">
              <summary>Holds   a value.
                See <see cref="T:Sample.Lid" />, or <see cref="T:Sample.Lid">the lid</see>.</summary>
              <typeparam name="T">What it holds.</typeparam>
            </member>
            <member name="T:Sample.Lid"><summary>Closes a <see cref="T:Sample.Box`1" />.</summary></member>
            <member name="M:Sample.Box`1.Put(`0)">
              <summary><para>Puts <paramref name="value" /> in.</para><para>Returns <see langword="true" /> then.</para></summary>
              <param name="value">The value.</param>
              <param name="silent" />
              <exception cref="T:System.ArgumentNullException"><paramref name="value" /> is <see langword="null" />.</exception>
            </member>
            """);

        var source = DotnetDocumentation.Find(_directory.Root).Value.ShouldNotBeNull();
        var documents = source.Read(source.Files.ShouldHaveSingleItem()).Documents;

        documents.ShouldBe([
            """
            Holds a value. See Sample.Lid, or the lid.
            T: What it holds.

            Puts value in.
            Returns true then.
            value: The value.
            System.ArgumentNullException: value is null.
            """,
            "Closes a Sample.Box."]);
        source.Description.ShouldBe("Microsoft.NETCore.App.Ref 10.0.9");
    }

    [Fact]
    public void Newest_version_of_the_pack_is_taken()
    {
        Documentation("<member name=\"T:A\"><summary>Old.</summary></member>", "9.0.11");
        Documentation("<member name=\"T:A\"><summary>New.</summary></member>", "10.0.9");

        DotnetDocumentation.Find(_directory.Root).Value.ShouldNotBeNull().Description.ShouldBe("Microsoft.NETCore.App.Ref 10.0.9");
    }

    [Fact]
    public void Root_without_documentation_is_refused_with_what_to_do()
    {
        var problem = DotnetDocumentation.Find(_directory.Root).Problems.ShouldHaveSingleItem();

        problem.Message.ShouldContain(_directory.Root);
        problem.Hint.ShouldNotBeNull().ShouldContain("--from");
    }

    [Fact]
    public void Malformed_documentation_is_refused_with_its_line()
    {
        Documentation("<member name=\"T:A\">\n<summary>Unclosed.</member>");

        var problems = Corpora.Prepare(new CorpusOptions { DataDirectory = _directory.Combine("data"), DotnetRoot = _directory.Root }).Problems;

        var problem = problems.ShouldHaveSingleItem();
        problem.Line.ShouldBe(2);
        problem.File.ShouldNotBeNull().ShouldEndWith("Sample.xml");
        Directory.Exists(_directory.Combine("data", "dotnet-docs")).ShouldBeFalse();
    }

    [Fact]
    public void Documentation_of_the_installed_SDK_gives_megabytes_of_prose()
    {
        var options = new CorpusOptions { DataDirectory = _directory.Combine("data") };

        var corpus = Corpora.Prepare(options).Value.ShouldNotBeNull();

        corpus.Index.Train.Tokens.ShouldBeGreaterThan(8_000_000);
        var share = (double)corpus.Index.Validation.Tokens / (corpus.Index.Train.Tokens + corpus.Index.Validation.Tokens);
        share.ShouldBeInRange(0.01, 0.10);
        File.ReadAllText(Path.Combine(corpus.Directory, "train-00000.bin")).ShouldNotContain("<see");
        Corpora.Verify(corpus.Directory).Problems.ShouldBeEmpty();
    }

    public void Dispose() => _directory.Dispose();

    private void Documentation(string members, string version = "10.0.9") =>
        _directory.Write($"packs/Microsoft.NETCore.App.Ref/{version}/ref/net10.0/Sample.xml", $"<doc><members>{members}</members></doc>");
}
