using System.Collections.Immutable;
using Superfactory.Model;
using Superfactory.Model.Agents;

namespace Superfactory.Site.Data;

/// <summary>
/// The corpora that lie at a site, told to the control plane so that jobs are placed where what they read lies. Looks again and again, in the background: corpora are prepared, copied and
/// deleted by hand. Thread-safe.
/// </summary>
internal sealed class CorpusTable : IAsyncDisposable
{
    /// <summary>How often it is looked: each time one small file is read for each corpus, and its shards are counted.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly string _directory;
    private readonly Action _changed;
    private Task _watch = Task.CompletedTask;
    private ImmutableArray<CorpusReport> _corpora = [];
    private long _revision;
    private long _confirmed;

    /// <summary>Does nothing yet.</summary>
    /// <param name="directory">The site's directory of corpora; it need not exist.</param>
    /// <param name="changed">Called when there is something to report, from any thread; must return soon.</param>
    public CorpusTable(string directory, Action changed) => (_directory, _changed) = (directory, changed);

    /// <summary>Looks from now on, each <see cref="Interval"/>. To be called once.</summary>
    public void Watch(TimeProvider clock) => _watch = Task.Run(() => WatchAsync(clock));

    /// <summary>Looks what is there now.</summary>
    public void Look()
    {
        var found = Find();
        lock (_lock)
        {
            // Before the first look nothing is said, rather than that nothing is there.
            if (_revision > 0 && found.SequenceEqual(_corpora))
            {
                return;
            }

            _corpora = found;
            _revision++;
        }

        _changed();
    }

    /// <summary>All that lies here, where the control plane has not taken it yet; and what confirms that it has.</summary>
    public (ImmutableArray<CorpusReport>? Corpora, long Revision) Take()
    {
        lock (_lock)
        {
            return (_confirmed == _revision ? null : _corpora, _revision);
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

    /// <summary>Looks no more.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closing.Dispose();
    }

    private async Task WatchAsync(TimeProvider clock)
    {
        while (true)
        {
            Look();
            await Task.Delay(Interval, clock, _closing.Token);
        }
    }

    /// <summary>What is whole as far as names and lengths of its files say; what cannot be read is no corpus for a job either.</summary>
    private ImmutableArray<CorpusReport> Find()
    {
        string[] directories;
        try
        {
            directories = Directory.Exists(_directory) ? Directory.GetDirectories(_directory) : [];
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        var corpora = ImmutableArray.CreateBuilder<CorpusReport>();
        foreach (var directory in directories.Order(StringComparer.Ordinal))
        {
            var name = Path.GetFileName(directory);
            if (FactoryName.IsValid(name) && CorpusIndex.Load(directory) is { Succeeded: true, Value: { } index })
            {
                corpora.Add(new CorpusReport(name, index.Sha256, index.Train.Tokens + index.Validation.Tokens));
            }
        }

        return corpora.ToImmutable();
    }
}
