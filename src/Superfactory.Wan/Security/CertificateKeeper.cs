using Superfactory.Model;

namespace Superfactory.Wan.Security;

/// <summary>Holds a site's certificate and takes up renewed files without a restart. Thread-safe.</summary>
internal sealed class CertificateKeeper
{
    /// <summary>From this long before its end a certificate's end is told of.</summary>
    private static readonly TimeSpan ToldBeforeEnd = TimeSpan.FromDays(14);

    /// <summary>Time between two looks at the files, and between two warnings of the coming end.</summary>
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TellInterval = TimeSpan.FromDays(1);

    private readonly CertificateFiles _files;
    private readonly string _site;
    private readonly TimeProvider _time;
    private readonly Action<string> _tell;
    private readonly Lock _lock = new();
    private CertificateSet _set;
    private string? _refused;
    private DateTimeOffset? _looked;
    private DateTimeOffset? _told;

    private CertificateKeeper(CertificateFiles files, string site, CertificateSet set, TimeProvider time, Action<string> tell)
        => (_files, _site, _set, _time, _tell) = (files, site, set, time, tell);

    /// <summary>Reads the files.</summary>
    /// <param name="files">The files.</param>
    /// <param name="site">The site that the certificate has to name.</param>
    /// <param name="time">Where time comes from.</param>
    /// <param name="tell">Told in a sentence of what people should know, from any thread.</param>
    public static Outcome<CertificateKeeper> Open(CertificateFiles files, string site, TimeProvider time, Action<string> tell)
    {
        var read = CertificateSet.Read(files, site, time.GetUtcNow());
        return read.Succeeded ? new(new CertificateKeeper(files, site, read.Value, time, tell)) : new(read.Problems);
    }

    /// <summary>What stands now.</summary>
    public CertificateSet Current()
    {
        var now = _time.GetUtcNow();
        lock (_lock)
        {
            if (_looked is { } looked && (now - looked).Duration() < LookInterval)
            {
                return _set;
            }

            _looked = now;
            Renew(now);
            Warn(now);
            return _set;
        }
    }

    private void Renew(DateTimeOffset now)
    {
        string found;
        try
        {
            found = _files.Fingerprint();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Refuse(exception.Message, exception.Message);
            return;
        }

        if (found == _set.Fingerprint)
        {
            _refused = null;
            return;
        }

        if (found == _refused)
        {
            return;
        }

        // Several files are replaced one after the other; what does not fit together is looked at again when the next is written.
        var read = CertificateSet.Read(_files, _site, now);
        if (read.Succeeded)
        {
            (_set, _refused, _told) = (read.Value, null, null);
            _tell($"The certificate was renewed and is valid until {_set.ValidUntil:yyyy-MM-dd HH:mm} UTC.");
        }
        else
        {
            Refuse(found, read.Problems[0].ToString());
        }
    }

    /// <summary>Tells once of what cannot be used.</summary>
    private void Refuse(string found, string why)
    {
        if (_refused != found)
        {
            _refused = found;
            _tell($"The certificate files have changed and cannot be used; the earlier ones stay in use. {why}");
        }
    }

    private void Warn(DateTimeOffset now)
    {
        if (_set.ValidUntil - now <= ToldBeforeEnd && (_told is not { } told || now - told >= TellInterval))
        {
            _told = now;
            _tell(now <= _set.ValidUntil
                ? $"The certificate expires on {_set.ValidUntil:yyyy-MM-dd HH:mm} UTC; renew it with 'superfactory certificates site'."
                : $"The certificate expired on {_set.ValidUntil:yyyy-MM-dd HH:mm} UTC: other sites refuse new connections. Renew it with 'superfactory certificates site'.");
        }
    }
}
