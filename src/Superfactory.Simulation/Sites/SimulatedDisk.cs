using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Superfactory.Model.Agents;
using Superfactory.Sync.Checkpoints;

namespace Superfactory.Simulation.Sites;

/// <summary>A site's disk, as far as checkpoints lie on it: each whole, by its name, until a fault cuts it short or alters it.</summary>
internal sealed class SimulatedDisk
{
    private readonly SortedDictionary<string, StoredCheckpoint> _stored = new(StringComparer.Ordinal);

    /// <summary>Where the site keeps checkpoints, as it tells the control plane.</summary>
    public const string Root = "/checkpoints";

    /// <summary>Rises with every change of what lies here, as far as the site knows.</summary>
    public int Revision { get; private set; } = 1;

    /// <summary>All that lies here.</summary>
    public ImmutableArray<CheckpointReport> Reports => [.. _stored.Values.Where(stored => stored.IsTold).Select(stored => stored.Report)];

    /// <summary>The checkpoint of a name; null where none lies here.</summary>
    public StoredCheckpoint? Find(string name) => _stored.GetValueOrDefault(name);

    /// <summary>Everything is gone.</summary>
    public void Lose()
    {
        _stored.Clear();
        Revision++;
    }

    /// <summary>A checkpoint is deleted.</summary>
    public void Remove(string name)
    {
        _stored.Remove(name);
        Revision++;
    }

    /// <summary>A copy of another site's checkpoint arrives.</summary>
    public void Put(StoredCheckpoint stored) => _stored[stored.Report.Name] = stored.Copy();

    /// <summary>The control plane names a checkpoint that came by a copy: it is compared with its hashes, and from here on told of.</summary>
    /// <returns>Whether it was not told of before.</returns>
    public bool Reveal(string name, string seal)
    {
        if (_stored.GetValueOrDefault(name) is not { IsTold: false } stored)
        {
            return false;
        }

        stored.IsTold = true;
        var read = stored.Load(seal, trusting: false);
        stored.Report = read.Succeeded ? stored.Report : stored.Report with { Problem = read.Problems[0].Message };
        Revision++;
        return true;
    }

    /// <summary>What is found out about a checkpoint.</summary>
    public void Condemn(string name, string problem)
    {
        if (_stored.TryGetValue(name, out var stored))
        {
            stored.Report = stored.Report with { Problem = problem };
            Revision++;
        }
    }

    /// <summary>Cuts short or alters one part of the newest checkpoint.</summary>
    /// <returns>Whether there is one.</returns>
    public bool Tear(ulong dice)
    {
        if (_stored.Values.MaxBy(stored => stored.Report.Round) is not { } newest)
        {
            return false;
        }

        var files = newest.Files.Keys.ToList();
        var file = files[(int)(dice % (ulong)files.Count)];
        var bytes = newest.Files[file];
        newest.Files[file] = (dice >> 32) % 3 == 0 ? bytes[..(bytes.Length / 2)] : Altered(bytes, (int)((dice >> 16) % (ulong)bytes.Length));
        return true;
    }

    /// <summary>Writes a state, or that of each lane, as a checkpoint.</summary>
    public void Write(long job, string island, ImmutableArray<CheckpointState> lanes)
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        var manifests = lanes.Select((state, lane) => Write(files, job, island, state, lanes.Length == 1 ? null : lane)).ToList();
        var manifest = lanes.Length == 1 ? manifests[0] : CheckpointManifest.Join(manifests);
        var bytes = manifest.ToBytes();
        var seal = CheckpointManifest.Seal(bytes);
        files[CheckpointManifest.FileName] = bytes;
        var stored = new StoredCheckpoint(files, Sync.Bridge.Checkpoints.CheckpointFolder.Report(manifest, seal, Root));
        _stored[stored.Report.Name] = stored;
        Revision++;
    }

    private static CheckpointManifest Write(SortedDictionary<string, byte[]> all, long job, string island, CheckpointState state, int? lane)
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal) { [CheckpointManifest.FileOf(CheckpointManifest.HistoryFile, lane)] = state.History.ToArray() };
        Add(files, CheckpointManifest.FileOf(CheckpointManifest.ParametersFile, lane), MemoryMarshal.AsBytes(state.Parameters.Span));
        Add(files, CheckpointManifest.FileOf(CheckpointManifest.MomentumFile, lane), MemoryMarshal.AsBytes(state.Momentum.Span));
        Add(files, CheckpointManifest.FileOf(CheckpointManifest.StaticsFile, lane), state.Statics.Span);
        Add(files, CheckpointManifest.FileOf(CheckpointManifest.TrainerFile, lane), state.Trainer.Span);
        foreach (var (name, bytes) in files)
        {
            all[name] = bytes;
        }

        ImmutableArray<CheckpointPart> parts = [.. files.Select(file => new CheckpointPart(file.Key, file.Value.Length, Convert.ToHexStringLower(SHA256.HashData(file.Value))))];
        return CheckpointManifest.Of(state, job, island, held: false, parts);
    }

    private static void Add(SortedDictionary<string, byte[]> files, string file, ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            files[file] = bytes.ToArray();
        }
    }

    private static byte[] Altered(byte[] bytes, int at)
    {
        var altered = (byte[])bytes.Clone();
        altered[at] ^= 0x40;
        return altered;
    }
}
