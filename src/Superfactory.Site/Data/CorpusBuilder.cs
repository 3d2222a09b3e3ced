using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Superfactory.Model;

namespace Superfactory.Site.Data;

/// <summary>
/// Prepares corpora: reads documents, deals each to the training or the validation part by a hash of its text, and writes shards
/// with an index. The same source gives the same bytes every time. A corpus appears whole or not at all. Safe for use by several
/// threads and processes: a corpus is prepared by one at a time.
/// </summary>
public static class CorpusBuilder
{
    /// <summary>How many left-out files are named.</summary>
    private const int SkippedExamplesMax = 3;

    /// <summary>Prepares a corpus, replacing an older one of the same name.</summary>
    /// <param name="options">What from, and where to.</param>
    /// <param name="progress">Called after every source file, on the calling thread's behalf; may be null.</param>
    /// <param name="cancellation">Ends it early and leaves nothing behind.</param>
    /// <returns>The corpus, or what stands in its way.</returns>
    public static Outcome<PreparedCorpus> Build(CorpusOptions options, IProgress<CorpusProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!FactoryName.IsValid(options.Name))
        {
            return Fail(new Problem($"'{options.Name}' is no name for a corpus: expected {FactoryName.Expected}.", Field: "--name"));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.ValidationShare, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.ValidationShare, 5000);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.ShardBytes, 1);
        var found = options.From is null ? DotnetDocumentation.Find(options.DotnetRoot) : TextFiles.Find(options.From, options.Extensions);
        if (!found.Succeeded)
        {
            return new Outcome<PreparedCorpus>(found.Problems);
        }

        try
        {
            Directory.CreateDirectory(options.DataDirectory);
            using var place = CorpusPlace.TryOpen(options.DataDirectory, options.Name);
            return place is null
                ? Fail(new Problem($"The corpus '{options.Name}' is being prepared by another process.", options.DataDirectory, Hint: "Wait for it, or give another --name."))
                : Build(options, found.Value, place, progress, cancellation);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Fail(new Problem($"The corpus cannot be written: {exception.Message}", options.DataDirectory, Hint: "Name another directory with --data."));
        }
    }

    private static Outcome<PreparedCorpus> Build(
        CorpusOptions options, IDocumentSource source, CorpusPlace place, IProgress<CorpusProgress>? progress, CancellationToken cancellation)
    {
        var split = new DocumentSplit(options.ValidationShare);
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            var pass = WritePass(options, source, place.BeginAttempt(), split, progress, cancellation);
            if (!pass.Succeeded)
            {
                return pass;
            }

            var index = pass.Value.Index;
            if (index.Documents == 0)
            {
                return Fail(new Problem("There is no text in it: an empty corpus cannot be trained on.", options.From ?? source.Description, Hint: "Name a file or folder of UTF-8 text with --from."));
            }

            if (index.Validation.Tokens > 0 && index.Train.Tokens > 0)
            {
                place.Commit();
                return pass;
            }

            // Chance may leave a part of a corpus of few documents empty: then the document nearest to that side moves over.
            split = split.WithBothParts();
        }

        return Fail(new Problem("It holds one document, or the same one several times; at least two are needed, one to train on and one to validate with.", options.From ?? source.Description, Hint: "Add text."));
    }

    private static Outcome<PreparedCorpus> WritePass(
        CorpusOptions options, IDocumentSource source, string directory, DocumentSplit split, IProgress<CorpusProgress>? progress, CancellationToken cancellation)
    {
        using var train = new ShardWriter(directory, "train", options.ShardBytes);
        using var validation = new ShardWriter(directory, "validation", options.ShardBytes);
        var skipped = new List<string>();
        var (documents, filesDone) = (0, 0);
        foreach (var file in source.Files)
        {
            cancellation.ThrowIfCancellationRequested();
            var content = source.Read(file);
            if (content.Problem is not null)
            {
                return Fail(content.Problem);
            }

            if (content.Skipped)
            {
                skipped.Add(file);
            }

            foreach (var document in content.Documents)
            {
                var bytes = Encoding.UTF8.GetBytes(document);
                (split.IsValidation(bytes) ? validation : train).Append(bytes);
                documents++;
            }

            filesDone++;
            progress?.Report(new CorpusProgress(filesDone, source.Files.Length, documents, train.Tokens + validation.Tokens));
        }

        var (trainPart, trainHash) = train.Complete();
        var (validationPart, validationHash) = validation.Complete();
        var index = new CorpusIndex
        {
            Format = CorpusIndex.CurrentFormat,
            Name = options.Name,
            Source = source.Description,
            Vocabulary = CorpusIndex.ByteVocabulary,
            Documents = documents,
            Sha256 = CorpusHash.OfParts(trainHash, validationHash),
            Train = trainPart,
            Validation = validationPart,
        };
        File.WriteAllText(Path.Combine(directory, CorpusIndex.FileName), JsonSerializer.Serialize(index, FactoryJson.Readable) + "\n");
        return new Outcome<PreparedCorpus>(new PreparedCorpus(
            index, Path.Combine(options.DataDirectory, options.Name), filesDone - skipped.Count, skipped.Count, source.FilesOfOtherEndings, [.. skipped.Take(SkippedExamplesMax)]));
    }

    private static Outcome<PreparedCorpus> Fail(Problem problem) => new([problem]);
}
