using System.Collections.Immutable;
using System.Security.Cryptography;
using Superfactory.Model;

namespace Superfactory.Site.Data;

/// <summary>The hashes that identify a corpus's shards, parts and whole.</summary>
internal static class CorpusHash
{
    /// <summary>Bytes read at a time: large enough that reading is sequential, small enough to stay in the cache.</summary>
    private const int BlockBytes = 1 << 18;

    /// <summary>The hash of the whole from those of its two parts.</summary>
    public static string OfParts(ReadOnlySpan<byte> train, ReadOnlySpan<byte> validation)
    {
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        whole.AppendData(train);
        whole.AppendData(validation);
        return Convert.ToHexStringLower(whole.GetHashAndReset());
    }

    /// <summary>Hashes a part's shards, adds a problem for each that differs from the index, and returns the hash of the part.</summary>
    public static byte[] OfShards(string directory, CorpusPart part, ImmutableArray<Problem>.Builder altered, CancellationToken cancellation)
    {
        using var whole = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var single = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var block = new byte[BlockBytes];
        foreach (var shard in part.Shards)
        {
            var path = Path.Combine(directory, shard.File);
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            int read;
            while ((read = stream.Read(block)) > 0)
            {
                cancellation.ThrowIfCancellationRequested();
                whole.AppendData(block.AsSpan(0, read));
                single.AppendData(block.AsSpan(0, read));
            }

            var found = Convert.ToHexStringLower(single.GetHashAndReset());
            if (found != shard.Sha256)
            {
                altered.Add(new Problem($"This shard was altered: its SHA-256 is {found}, the index states {shard.Sha256}.", path, Hint: "Prepare the corpus again."));
            }
        }

        return whole.GetHashAndReset();
    }
}
