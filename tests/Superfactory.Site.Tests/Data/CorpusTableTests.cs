using Superfactory.Model.Agents;
using Superfactory.Site.Data;

namespace Superfactory.Site.Tests.Data;

/// <summary>What a site says of the corpora that lie there.</summary>
public sealed class CorpusTableTests : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly CorpusTable _table;
    private int _changes;

    public CorpusTableTests() => _table = new CorpusTable(_directory.Combine("data"), () => _changes++);

    [Fact]
    public void Nothing_is_said_before_the_first_look_and_then_what_lies_there_is_until_it_was_taken()
    {
        _table.SayAgain();
        _table.Take().Corpora.ShouldBeNull();

        _table.Look();
        var (corpora, revision) = _table.Take();
        corpora!.Value.ShouldBeEmpty("there is not even a directory");
        _table.Take().Corpora.ShouldNotBeNull("it was not taken yet");
        _table.Confirm(revision);
        _table.Take().Corpora.ShouldBeNull();
        _table.Look();
        (_table.Take().Corpora, _changes).ShouldBe((null, 1));
        _table.SayAgain();
        _table.Take().Corpora.ShouldNotBeNull();
    }

    [Fact]
    public void Corpora_are_those_that_are_whole_by_name_with_their_hash_and_size()
    {
        var (words, books) = (Prepare("words"), Prepare("books"));
        Directory.CreateDirectory(_directory.Combine("data", "no-corpus"));
        _directory.Write("data/broken/index.json", "{}");
        _directory.Write("data/.hidden/index.json", "{}");
        _table.Look();

        var bytes = words.Index.Train.Tokens + words.Index.Validation.Tokens;
        Told().ShouldBe([new CorpusReport("books", books.Index.Sha256, bytes), new CorpusReport("words", words.Index.Sha256, bytes)]);

        File.Delete(Path.Combine(books.Directory, books.Index.Train.Shards[0].File));
        _table.Look();
        Told().ShouldHaveSingleItem().Name.ShouldBe("words");
        _changes.ShouldBe(2);
    }

    [Fact]
    public async Task Watching_looks_at_once()
    {
        Prepare("words");
        _table.Watch(TimeProvider.System);

        using var limit = new CancellationTokenSource(Support.Patience.Limit);
        while (_table.Take().Corpora is null)
        {
            await Task.Delay(10, limit.Token);
        }

        Told().ShouldHaveSingleItem().Name.ShouldBe("words");
    }

    public async ValueTask DisposeAsync()
    {
        await _table.DisposeAsync();
        _directory.Dispose();
    }

    private System.Collections.Immutable.ImmutableArray<CorpusReport> Told() => _table.Take().Corpora!.Value;

    private PreparedCorpus Prepare(string name)
    {
        foreach (var number in Enumerable.Range(0, 40))
        {
            _directory.Write($"in/{number:D2}.txt", CorpusBuilderTests.Text(number));
        }

        return Corpora.Prepare(new CorpusOptions { DataDirectory = _directory.Combine("data"), From = _directory.Combine("in"), Name = name }).Value!;
    }
}
