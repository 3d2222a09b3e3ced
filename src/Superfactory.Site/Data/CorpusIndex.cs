using System.Collections.Immutable;
using System.Text.Json;
using Superfactory.Model;

namespace Superfactory.Site.Data;

/// <summary>What a prepared corpus holds: the contents of its <c>index.json</c>. Immutable.</summary>
public sealed record CorpusIndex
{
    /// <summary>The layout that this program writes and reads.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The name of the index file inside a corpus's directory.</summary>
    public const string FileName = "index.json";

    /// <summary>The only vocabulary there is: a token is a byte of UTF-8, and byte 0 stands between documents.</summary>
    public const string ByteVocabulary = "bytes";

    /// <summary>Says of what is null or left out, and may not be, that it is, in place of taking it.</summary>
    private static readonly JsonSerializerOptions s_strict = new(FactoryJson.Options) { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    /// <summary>The layout's version, <see cref="CurrentFormat"/>.</summary>
    public required int Format { get; init; }

    /// <summary>The corpus's name, which is also its directory's.</summary>
    public required string Name { get; init; }

    /// <summary>What it was made from, for people, such as <c>Microsoft.NETCore.App.Ref 10.0.12</c>.</summary>
    public required string Source { get; init; }

    /// <summary>How text became tokens, <see cref="ByteVocabulary"/>.</summary>
    public required string Vocabulary { get; init; }

    /// <summary>Documents in both parts.</summary>
    public required int Documents { get; init; }

    /// <summary>Identifies the content: SHA-256, in hexadecimal, over the SHA-256 of all training tokens followed by that of all validation tokens.</summary>
    public required string Sha256 { get; init; }

    /// <summary>What models train on.</summary>
    public required CorpusPart Train { get; init; }

    /// <summary>What the validation loss is taken over; shares no document with <see cref="Train"/>.</summary>
    public required CorpusPart Validation { get; init; }

    /// <summary>Reads the index in <paramref name="directory"/> and checks that every shard it names is there with the size it states. Hashes are left to <see cref="Verify"/>.</summary>
    /// <param name="directory">The corpus's own directory.</param>
    public static Outcome<CorpusIndex> Load(string directory)
    {
        ArgumentException.ThrowIfNullOrEmpty(directory);
        var path = Path.Combine(directory, FileName);
        CorpusIndex? index;
        try
        {
            index = JsonSerializer.Deserialize<CorpusIndex>(File.ReadAllBytes(path), s_strict);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(directory));
            var data = Path.GetDirectoryName(Path.GetFullPath(directory))!;
            var known = Directory.Exists(data) ? Directory.GetDirectories(data).Select(static corpus => Path.GetFileName(corpus)) : [];
            return Fail($"There is no corpus '{name}' in {data}.", null,
                NearMatch.Hint(name, known.Where(other => other != name)) ?? $"Prepare it with 'superfactory data prepare --name {name}'.");
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            return Fail($"This index of a corpus cannot be read: {exception.Message}", path, "Prepare the corpus again.");
        }

        if (index is null || index.Format != CurrentFormat)
        {
            return Fail($"This index of a corpus has format {index?.Format ?? 0}; this program reads format {CurrentFormat}.", path, "Prepare the corpus again.");
        }

        foreach (var shard in index.Train.Shards.Concat(index.Validation.Shards))
        {
            if (shard is null || !IsFileName(shard.File))
            {
                return Fail($"This index of a corpus names the shard '{PrintableName(shard?.File)}', which is no file beside it.", path, "Prepare the corpus again.");
            }

            var file = new FileInfo(Path.Combine(directory, shard.File));
            if (!file.Exists || file.Length != shard.Tokens)
            {
                var found = file.Exists ? $"holds {file.Length} bytes" : "is missing";
                return Fail($"This shard {found}; its index states {shard.Tokens} bytes.", file.FullName, "Prepare the corpus again.");
            }
        }

        return new Outcome<CorpusIndex>(index);
    }

    /// <summary>Reads every shard and compares its SHA-256 with what the index states.</summary>
    /// <param name="directory">The corpus's own directory.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>The index, or every shard that was altered.</returns>
    public static Outcome<CorpusIndex> Verify(string directory, CancellationToken cancellation = default)
    {
        var loaded = Load(directory);
        if (!loaded.Succeeded)
        {
            return loaded;
        }

        var index = loaded.Value;
        var altered = ImmutableArray.CreateBuilder<Problem>();
        var train = CorpusHash.OfShards(directory, index.Train, altered, cancellation);
        var validation = CorpusHash.OfShards(directory, index.Validation, altered, cancellation);
        if (altered.Count == 0 && CorpusHash.OfParts(train, validation) != index.Sha256)
        {
            altered.Add(new Problem("The shards are not those that this index identifies: its sha256 differs from theirs.",
                Path.Combine(directory, FileName), Hint: "Prepare the corpus again."));
        }

        return altered.Count == 0 ? loaded : new Outcome<CorpusIndex>(altered.ToImmutable());
    }

    private static bool IsFileName(string name) => name.Length > 0 && !name.Any(char.IsControl) && string.Equals(Path.GetFileName(name), name, StringComparison.Ordinal);

    private static string PrintableName(string? name) => string.Concat((name ?? string.Empty).Where(static letter => !char.IsControl(letter)));

    private static Outcome<CorpusIndex> Fail(string message, string? file, string hint) =>
        new([new Problem(message, file, Hint: hint)]);
}

/// <summary>One part of a corpus: the shards in order, whose bytes one after the other are the part's tokens.</summary>
public sealed record CorpusPart
{
    /// <summary>The shards in order.</summary>
    public required ImmutableArray<CorpusShard> Shards { get; init; }

    /// <summary>Tokens in all shards together.</summary>
    public required long Tokens { get; init; }
}

/// <summary>One file of tokens.</summary>
/// <param name="File">Its name inside the corpus's directory.</param>
/// <param name="Tokens">Its length in tokens, which are bytes.</param>
/// <param name="Sha256">Its SHA-256 in hexadecimal.</param>
public sealed record CorpusShard(string File, long Tokens, string Sha256);
