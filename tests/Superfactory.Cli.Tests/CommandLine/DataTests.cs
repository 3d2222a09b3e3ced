using System.Text.Json;

namespace Superfactory.Cli.Tests.CommandLine;

/// <summary><c>superfactory data</c> as a process.</summary>
public sealed class DataTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task Corpus_is_prepared_listed_and_verified()
    {
        Texts();

        var prepared = await Run("prepare", "--name", "books", "--from", "in", "--json");
        var listed = await Run("list", "--json");
        var verified = await Run("verify", "books");

        prepared.ExitCode.ShouldBe(0, prepared.Error);
        var index = JsonDocument.Parse(prepared.Output).RootElement.GetProperty("index");
        index.GetProperty("documents").GetInt32().ShouldBe(40);
        var corpus = JsonDocument.Parse(listed.Output).RootElement.EnumerateArray().ShouldHaveSingleItem();
        corpus.GetProperty("sha256").GetString().ShouldBe(index.GetProperty("sha256").GetString());
        corpus.GetProperty("train").GetProperty("shards")[0].GetProperty("file").GetString().ShouldBe("train-00000.bin");
        verified.ExitCode.ShouldBe(0, verified.Error);
        verified.Output.ShouldStartWith("Corpus 'books' is whole: 2 shards, ");
    }

    [Fact]
    public async Task Altered_shard_is_named_with_exit_code_2()
    {
        Texts();
        await Run("prepare", "--name", "books", "--from", "in");
        var shard = _directory.Combine("data", "books", "train-00000.bin");
        var bytes = File.ReadAllBytes(shard);
        bytes[10] ^= 0x20;
        File.WriteAllBytes(shard, bytes);

        var ran = await Run("verify", "books");

        ran.Message.ShouldStartWith($"superfactory: {shard}: This shard was altered");
        ran.ExitCode.ShouldBe(2);
    }

    [Theory]
    [InlineData("There is no such file or folder.", "prepare", "--name", "x", "--from", "nowhere")]
    [InlineData("an empty corpus cannot be trained on", "prepare", "--name", "x", "--from", "empty.txt")]
    [InlineData("--name is missing", "prepare", "--from", "in")]
    [InlineData("is no name for a corpus", "prepare", "--from", "in", "--name", "../x")]
    [InlineData("There is no corpus 'boks' in ", "verify", "boks")]
    public async Task Bad_input_gets_one_message_and_exit_code_2(string message, params string[] arguments)
    {
        Texts();
        _directory.Write("empty.txt", "\n");
        _directory.Write("data/books/index.json", "{}");

        var ran = await Run(arguments);

        ran.Message.ShouldContain(message);
        ran.Message.ShouldNotContain("\n");
        ran.ExitCode.ShouldBe(2);
    }

    [Fact]
    public async Task Misspelt_corpus_gets_a_near_match()
    {
        _directory.Write("data/books/index.json", "{}");

        (await Run("verify", "boks")).Message.ShouldEndWith("Did you mean 'books'?");
    }

    [Fact]
    public async Task Listing_where_nothing_is_says_what_to_do()
    {
        var ran = await Run("list");

        ran.Output.ShouldContain("superfactory data prepare");
        ran.ExitCode.ShouldBe(0);
    }

    public void Dispose() => _directory.Dispose();

    private void Texts()
    {
        foreach (var number in Enumerable.Range(0, 40))
        {
            _directory.Write($"in/{number:D2}.txt", $"Document {number} tells of {number * 7919} things.");
        }
    }

    private Task<Ran> Run(params string[] arguments) =>
        CommandProcess.RunAsync(["data", .. arguments, "--data", _directory.Combine("data")], _directory.Root);
}
