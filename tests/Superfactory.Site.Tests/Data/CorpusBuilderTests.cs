using System.Text;
using Superfactory.Site.Data;

namespace Superfactory.Site.Tests.Data;

public sealed class CorpusBuilderTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void Same_text_gives_the_same_bytes_whatever_the_order_in_which_files_were_written()
    {
        foreach (var number in Enumerable.Range(0, 60))
        {
            _directory.Write($"a/{number:D2}.txt", Text(number));
        }

        foreach (var number in Enumerable.Range(0, 60).Reverse())
        {
            _directory.Write($"b/{number:D2}.txt", Text(number));
        }

        var first = Build("a", "text", "one");
        var second = Build("b", "text", "two");

        var names = Directory.GetFiles(first.Directory).Select(Path.GetFileName).Order().ToArray();
        names.ShouldBe(["index.json", "train-00000.bin", "validation-00000.bin"]);
        foreach (var name in names)
        {
            File.ReadAllBytes(Path.Combine(second.Directory, name!)).ShouldBe(File.ReadAllBytes(Path.Combine(first.Directory, name!)));
        }
    }

    [Fact]
    public void Document_keeps_its_part_when_others_come_and_go()
    {
        foreach (var number in Enumerable.Range(0, 200))
        {
            _directory.Write($"all/{number:D3}.txt", Text(number));
            if (number % 2 == 0)
            {
                _directory.Write($"half/{200 - number:D3}.txt", Text(number));
            }
        }

        var all = Documents(Build("all", "all"), "validation");
        var half = Documents(Build("half", "half"), "validation");

        half.ShouldNotBeEmpty();
        half.ShouldBeSubsetOf(all);
        all.Length.ShouldBeInRange(2, 30);
    }

    [Fact]
    public void Every_document_is_in_exactly_one_part()
    {
        var texts = Enumerable.Range(0, 100).Select(Text).ToArray();
        for (var i = 0; i < texts.Length; i++)
        {
            _directory.Write($"in/{i}.txt", texts[i]);
        }

        var corpus = Build("in", "whole");

        Documents(corpus, "train").Concat(Documents(corpus, "validation")).Order().ShouldBe(texts.Order());
        corpus.Index.Documents.ShouldBe(100);
    }

    [Fact]
    public void Shards_follow_each_other_without_a_gap()
    {
        foreach (var number in Enumerable.Range(0, 50))
        {
            _directory.Write($"in/{number:D2}.txt", Text(number));
        }

        var large = Build("in", "large");
        var small = Corpora.Prepare(Options("in", "small") with { ShardBytes = 500 }).Value.ShouldNotBeNull();

        small.Index.Train.Shards.Length.ShouldBeGreaterThan(3);
        Tokens(small, "train").ShouldBe(Tokens(large, "train"));
        small.Index.Sha256.ShouldBe(large.Index.Sha256);
        Corpora.Verify(small.Directory).Problems.ShouldBeEmpty();
    }

    [Fact]
    public void Single_short_file_still_gives_both_parts()
    {
        _directory.Write("book.txt", string.Join("\n\n", Enumerable.Range(0, 40).Select(Text)));

        var corpus = Build("book.txt", "book");

        corpus.Index.Train.Tokens.ShouldBeGreaterThan(0);
        corpus.Index.Validation.Tokens.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void Two_tiny_documents_give_one_to_each_part()
    {
        _directory.Write("in/a.txt", "One sentence.");
        _directory.Write("in/b.txt", "Another sentence.");

        var corpus = Build("in", "tiny");

        Documents(corpus, "train").ShouldHaveSingleItem();
        Documents(corpus, "validation").ShouldHaveSingleItem();
    }

    [Fact]
    public void Binary_files_and_other_endings_are_left_out_and_counted()
    {
        _directory.Write("in/a.txt", Text(1));
        _directory.Write("in/b.md", Text(2));
        _directory.Write("in/c.txt", "a\0b");
        File.WriteAllBytes(_directory.Combine("in", "d.txt"), [0x80, 0xFF, 0x41]);
        _directory.Write("in/e.png", "not asked for");
        _directory.Write("in/.hidden/f.txt", "hidden");

        var corpus = Build("in", "mixed");

        corpus.FilesRead.ShouldBe(2);
        corpus.FilesSkipped.ShouldBe(2);
        corpus.FilesOfOtherEndings.ShouldBe(1);
        corpus.SkippedExamples.ShouldBe([_directory.Combine("in", "c.txt"), _directory.Combine("in", "d.txt")]);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n\t\n ")]
    public void Corpus_without_text_is_refused_and_leaves_nothing(string text)
    {
        var file = _directory.Write("in/empty.txt", text);

        var problem = Corpora.Prepare(Options("in/empty.txt", "empty")).Problems.ShouldHaveSingleItem();

        problem.File.ShouldBe(file);
        problem.Message.ShouldContain("empty corpus");
        Directory.Exists(_directory.Combine("data", "empty")).ShouldBeFalse();
        Directory.GetDirectories(_directory.Combine("data")).ShouldBeEmpty();
    }

    [Fact]
    public void Corpus_of_one_document_many_times_is_refused()
    {
        _directory.Write("in/a.txt", "The same.");
        _directory.Write("in/b.txt", "The same.");

        Corpora.Prepare(Options("in", "same")).Problems.ShouldHaveSingleItem().Message.ShouldContain("at least two");
    }

    [Fact]
    public void Missing_source_is_refused_by_its_name()
    {
        var problem = Corpora.Prepare(Options("nowhere", "none")).Problems.ShouldHaveSingleItem();

        problem.File.ShouldBe(_directory.Combine("nowhere"));
        problem.Message.ShouldContain("no such file or folder");
    }

    [Fact]
    public void Folder_without_known_endings_names_them()
    {
        _directory.Write("in/a.bin", "text");

        var problem = Corpora.Prepare(Options("in", "none")).Problems.ShouldHaveSingleItem();

        problem.Message.ShouldContain(".md");
        problem.Hint.ShouldNotBeNull().ShouldContain("--extensions");
    }

    [Theory]
    [InlineData("../up")]
    [InlineData("")]
    [InlineData("-dash")]
    [InlineData("a name")]
    public void Name_that_is_no_name_is_refused(string name) =>
        Corpora.Prepare(Options("in", name)).Problems.ShouldHaveSingleItem().Field.ShouldBe("--name");

    [Fact]
    public void Failed_preparation_leaves_the_older_corpus_as_it_was()
    {
        _directory.Write("good/a.txt", Text(1));
        _directory.Write("good/b.txt", Text(2));
        var before = Build("good", "kept");
        _directory.Write("bad/a.txt", "");

        Corpora.Prepare(Options("bad", "kept")).Succeeded.ShouldBeFalse();

        Corpora.Verify(before.Directory).Value.ShouldNotBeNull().Sha256.ShouldBe(before.Index.Sha256);
    }

    [Fact]
    public void Cancelled_preparation_leaves_nothing()
    {
        _directory.Write("in/a.txt", Text(1));
        using var cancellation = new CancellationTokenSource();
        cancellation.Cancel();

        Should.Throw<OperationCanceledException>(() => CorpusBuilder.Build(Options("in", "gone"), null, cancellation.Token));

        Directory.GetDirectories(_directory.Combine("data")).ShouldBeEmpty();
    }

    [Fact]
    public void What_a_killed_preparation_left_is_recovered()
    {
        _directory.Write("in/a.txt", Text(1));
        _directory.Write("in/b.txt", Text(2));
        var before = Build("in", "text");
        Directory.Move(before.Directory, _directory.Combine("data", ".text.previous"));
        _directory.Write("data/.text.next/train-00000.bin", "half");
        _directory.Write("bad.txt", "");

        Corpora.Prepare(Options("bad.txt", "text")).Succeeded.ShouldBeFalse();

        Corpora.Verify(before.Directory).Problems.ShouldBeEmpty();
        Directory.GetDirectories(_directory.Combine("data")).ShouldHaveSingleItem();
    }

    public void Dispose() => _directory.Dispose();

    internal static string Text(int number) => $"Document {number} tells of {number * 7919} things.\nIt has two lines.";

    private static string[] Documents(PreparedCorpus corpus, string part) =>
        Encoding.UTF8.GetString(Tokens(corpus, part)).Split('\0');

    private static byte[] Tokens(PreparedCorpus corpus, string part) =>
        [.. (part == "train" ? corpus.Index.Train : corpus.Index.Validation).Shards
            .SelectMany(shard => File.ReadAllBytes(Path.Combine(corpus.Directory, shard.File)))];

    private CorpusOptions Options(string from, string name, string data = "data") =>
        new() { DataDirectory = _directory.Combine(data), From = _directory.Combine(from), Name = name };

    private PreparedCorpus Build(string from, string name, string data = "data") =>
        Corpora.Prepare(Options(from, name, data)).Value.ShouldNotBeNull();
}
