using Superfactory.Site.Data;

namespace Superfactory.Site.Tests.Data;

public sealed class CorpusIndexTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly PreparedCorpus _corpus;

    public CorpusIndexTests()
    {
        foreach (var number in Enumerable.Range(0, 40))
        {
            _directory.Write($"in/{number:D2}.txt", CorpusBuilderTests.Text(number));
        }

        _corpus = Corpora.Prepare(new CorpusOptions { DataDirectory = _directory.Combine("data"), From = _directory.Combine("in"), Name = "text" }).Value!;
    }

    [Fact]
    public void Index_reads_back_as_it_was_written()
    {
        var index = CorpusIndex.Load(_corpus.Directory).Value.ShouldNotBeNull();

        index.Sha256.ShouldBe(_corpus.Index.Sha256);
        index.Train.Shards.ShouldBe(_corpus.Index.Train.Shards);
        File.ReadAllText(Path.Combine(_corpus.Directory, "index.json")).ShouldContain("\"vocabulary\": \"bytes\"");
    }

    [Fact]
    public void Verification_names_the_shard_in_which_one_byte_was_altered()
    {
        var shard = Path.Combine(_corpus.Directory, "train-00000.bin");
        var bytes = File.ReadAllBytes(shard);
        bytes[^1] ^= 1;
        File.WriteAllBytes(shard, bytes);

        CorpusIndex.Load(_corpus.Directory).Succeeded.ShouldBeTrue();
        var problem = Corpora.Verify(_corpus.Directory).Problems.ShouldHaveSingleItem();

        problem.File.ShouldBe(shard);
        problem.Message.ShouldContain("altered");
    }

    [Fact]
    public void Verification_notices_shards_of_another_corpus()
    {
        var path = Path.Combine(_corpus.Directory, "index.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace(_corpus.Index.Sha256, new string('0', 64), StringComparison.Ordinal));

        Corpora.Verify(_corpus.Directory).Problems.ShouldHaveSingleItem().File.ShouldBe(path);
    }

    [Fact]
    public void Loading_notices_a_shard_that_was_cut_short()
    {
        var shard = Path.Combine(_corpus.Directory, "validation-00000.bin");
        using (var stream = File.OpenWrite(shard))
        {
            stream.SetLength(stream.Length - 1);
        }

        CorpusIndex.Load(_corpus.Directory).Problems.ShouldHaveSingleItem().File.ShouldBe(shard);
    }

    [Theory]
    [InlineData("""{"format": 1, "name": null, "source": "x", "vocabulary": "bytes", "documents": 1, "sha256": "0", "train": {"shards": [], "tokens": 0}, "validation": {"shards": [], "tokens": 0}}""", "cannot be read")]
    [InlineData("""{"format": 1, "name": "text", "source": "x", "vocabulary": "bytes", "documents": 1, "sha256": "0", "train": null, "validation": {"shards": [], "tokens": 0}}""", "cannot be read")]
    [InlineData("""{"format": 1, "name": "text", "source": "x", "vocabulary": "bytes", "documents": 1, "sha256": "0", "train": {"shards": null, "tokens": 0}, "validation": {"shards": [], "tokens": 0}}""", "cannot be read")]
    [InlineData("""{"format": 1, "name": "text", "source": "x", "vocabulary": "bytes", "documents": 1, "sha256": "0", "train": {"shards": [{"tokens": 1, "sha256": "0"}], "tokens": 0}, "validation": {"shards": [], "tokens": 0}}""", "cannot be read")]
    [InlineData("""{"format": 1, "name": "text", "source": "x", "vocabulary": "bytes", "documents": 1, "sha256": "0", "train": {"shards": [null], "tokens": 0}, "validation": {"shards": [], "tokens": 0}}""", "the shard ''")]
    [InlineData("""{"format": 1, "name": "text", "source": "x", "vocabulary": "bytes", "documents": 1, "sha256": "0", "train": {"shards": [{"file": "../index.json", "tokens": 1, "sha256": "0"}], "tokens": 0}, "validation": {"shards": [], "tokens": 0}}""", "'../index.json'")]
    public void Loading_an_index_with_nothing_where_something_belongs_says_so_and_names_the_file(string index, string said)
    {
        var path = Path.Combine(_corpus.Directory, "index.json");
        File.WriteAllText(path, index);

        var problem = CorpusIndex.Load(_corpus.Directory).Problems.ShouldHaveSingleItem();

        (problem.File, problem.Hint).ShouldBe((path, "Prepare the corpus again."));
        problem.Message.ShouldContain(said);
    }

    [Fact]
    public void Loading_a_corpus_that_is_not_there_says_how_to_prepare_it()
    {
        var problem = CorpusIndex.Load(_directory.Combine("data", "other")).Problems.ShouldHaveSingleItem();

        problem.Message.ShouldContain("'other'");
        problem.Hint.ShouldNotBeNull().ShouldContain("superfactory data prepare --name other");
    }

    [Fact]
    public void Loading_an_index_of_another_format_names_both_versions()
    {
        var path = Path.Combine(_corpus.Directory, "index.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"format\": 1", "\"format\": 2", StringComparison.Ordinal));

        CorpusIndex.Load(_corpus.Directory).Problems.ShouldHaveSingleItem().Message.ShouldContain("format 2; this program reads format 1");
    }

    public void Dispose() => _directory.Dispose();
}
