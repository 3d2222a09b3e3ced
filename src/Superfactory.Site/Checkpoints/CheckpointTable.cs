using System.Collections.Immutable;
using System.Globalization;
using Superfactory.Model;
using Superfactory.Model.Agents;
using Superfactory.Sync.Bridge.Checkpoints;
using Superfactory.Sync.Checkpoints;

namespace Superfactory.Site.Checkpoints;

/// <summary>
/// The checkpoints that lie at a site: what a restarted agent finds, what bridges write, what copies bring. Deletes and verifies what the
/// control plane names; whatever it does not name stays. Thread-safe.
/// </summary>
internal sealed class CheckpointTable : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<(long Job, string Name), CheckpointReport> _entries = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly string _root;
    private readonly Action _changed;
    private readonly Action<string> _say;
    private Task _work = Task.CompletedTask;
    private long _revision = 1;
    private long _confirmed;

    /// <summary>Looks what is there.</summary>
    /// <param name="root">The site's directory of checkpoints; made where it is missing.</param>
    /// <param name="changed">Called when there is something to report, from any thread; must return soon.</param>
    /// <param name="say">Tells people.</param>
    /// <exception cref="IOException">The directory cannot be read or made.</exception>
    public CheckpointTable(string root, Action changed, Action<string> say)
    {
        (_root, _changed, _say) = (root, changed, say);
        Directory.CreateDirectory(root);
        foreach (var job in Directory.EnumerateDirectories(root))
        {
            foreach (var directory in Directory.EnumerateDirectories(job).Where(path => CheckpointManifest.IsName(Path.GetFileName(path))))
            {
                if (long.TryParse(Path.GetFileName(job), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && Read(number, Path.GetFileName(directory), seal: null) is { } found)
                {
                    _entries[(number, found.Name)] = found;
                }
            }
        }
    }

    /// <summary>The site's directory of checkpoints.</summary>
    public string Root => _root;

    /// <summary>A bridge of this site wrote a checkpoint.</summary>
    public void Add(CheckpointReport written) => Change(entries => entries[(written.Job, written.Name)] = written);

    /// <summary>Does what the control plane wants, in the background.</summary>
    public void Apply(ImmutableArray<CheckpointAssignment> wanted)
    {
        lock (_lock)
        {
            if (_closing.IsCancellationRequested)
            {
                return;
            }

            var due = wanted.Where(IsDue).ToImmutableArray();
            if (due.IsEmpty)
            {
                return;
            }

            var before = _work;
            _work = Task.Run(async () =>
            {
                await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                foreach (var assignment in due)
                {
                    Do(assignment);
                }
            });
        }
    }

    /// <summary>Compares every hash of a checkpoint before a run goes on from it.</summary>
    /// <returns>Its directory.</returns>
    /// <exception cref="IOException">It is not what was sealed; the message names the part.</exception>
    public string Claim(CheckpointAssignment from)
    {
        var directory = PathOf(from.Job, from.Name);
        var verified = CheckpointFolder.Verify(directory, from.Seal, _closing.Token);
        if (verified.Succeeded)
        {
            return directory;
        }

        var problem = string.Join(' ', verified.Problems.Select(each => each.Message));
        Change(entries => entries[(from.Job, from.Name)] = Known(from, directory) with { Problem = problem });
        throw new IOException(problem);
    }

    /// <summary>All that lies here, where the control plane has not taken it yet; and what confirms that it has.</summary>
    public (ImmutableArray<CheckpointReport>? Reports, long Revision) Take()
    {
        lock (_lock)
        {
            return (_confirmed == _revision ? null : [.. _entries.Values], _revision);
        }
    }

    /// <summary>The control plane took what <see cref="Take"/> gave.</summary>
    public void Confirm(long revision)
    {
        lock (_lock)
        {
            _confirmed = Math.Max(_confirmed, revision);
        }
    }

    /// <summary>Another session began: everything is said again.</summary>
    public void SayAgain()
    {
        lock (_lock)
        {
            _confirmed = 0;
        }
    }

    /// <summary>Ends what is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        Task work;
        lock (_lock)
        {
            _closing.Cancel();
            work = _work;
        }

        await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }

    private string PathOf(long job, string name) => Path.Combine(_root, job.ToString(CultureInfo.InvariantCulture), name);

    private bool IsDue(CheckpointAssignment wanted) => CheckpointManifest.IsName(wanted.Name)
        && (!_entries.TryGetValue((wanted.Job, wanted.Name), out var known) ? !wanted.Remove || Directory.Exists(PathOf(wanted.Job, wanted.Name))
            : wanted.Remove || known.Verified < wanted.Verify);

    private void Do(CheckpointAssignment wanted)
    {
        if (_closing.IsCancellationRequested)
        {
            return;
        }

        try
        {
            if (wanted.Remove)
            {
                Remove(wanted);
            }
            else if (wanted.Verify > 0 && Verify(wanted) is { } checkedNow)
            {
                Change(entries => entries[(wanted.Job, wanted.Name)] = checkedNow);
            }
            else if (wanted.Verify == 0 && Read(wanted.Job, wanted.Name, wanted.Seal) is { } found)
            {
                Change(entries => entries[(wanted.Job, wanted.Name)] = found);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            _say($"a checkpoint cannot be {(wanted.Remove ? "deleted" : "read")}: {error.Message}");
        }
        catch (OperationCanceledException)
        {
            // The agent ends; the next one is asked again.
            return;
        }
    }

    private void Remove(CheckpointAssignment wanted)
    {
        var directory = PathOf(wanted.Job, wanted.Name);
        if (Directory.Exists(directory))
        {
            // The manifest first: what is left of a checkpoint without one is none.
            File.Delete(Path.Combine(directory, CheckpointManifest.FileName));
            Directory.Delete(directory, recursive: true);
        }

        Change(entries => entries.Remove((wanted.Job, wanted.Name)));
    }

    private CheckpointReport Verify(CheckpointAssignment wanted)
    {
        var directory = PathOf(wanted.Job, wanted.Name);
        var verified = CheckpointFolder.Verify(directory, wanted.Seal, _closing.Token);
        return (verified.Succeeded ? CheckpointFolder.Report(verified.Value, wanted.Seal, directory) : Known(wanted, directory) with
        {
            Problem = string.Join(' ', verified.Problems.Select(problem => problem.Message)),
        }) with { Verified = wanted.Verify };
    }

    /// <summary>What was known of a checkpoint, or as much as its name says.</summary>
    private CheckpointReport Known(CheckpointAssignment wanted, string directory)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault((wanted.Job, wanted.Name)) ?? new CheckpointReport
            {
                Job = wanted.Job, Name = wanted.Name, Seal = wanted.Seal, Island = string.Empty, Round = 0, Epoch = 0, Islands = [], Mode = default, StateHash = string.Empty, Directory = directory,
            };
        }
    }

    /// <summary>What lies at a place, hashes not compared; null where it is no checkpoint.</summary>
    private CheckpointReport? Read(long job, string name, string? seal)
    {
        var directory = PathOf(job, name);
        var opened = CheckpointFolder.Open(directory, seal);
        if (opened.Succeeded)
        {
            return opened.Value.Job == job
                ? CheckpointFolder.Report(opened.Value, CheckpointFolder.SealOf(directory), directory) with { Name = name }
                : null;
        }

        // What is being copied here has no manifest yet, or parts that are not there; whoever asks for it by name hears of it.
        return seal is null ? null : Known(new CheckpointAssignment { Job = job, Name = name, Seal = seal }, directory) with
        {
            Problem = string.Join(' ', opened.Problems.Select(problem => problem.Message)),
        };
    }

    private void Change(Action<SortedDictionary<(long Job, string Name), CheckpointReport>> change)
    {
        lock (_lock)
        {
            change(_entries);
            _revision++;
        }

        _changed();
    }
}
