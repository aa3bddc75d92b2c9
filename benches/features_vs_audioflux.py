#!/usr/bin/env python3
"""Mel spectrograms and MFCC of recordings beside audioFlux, and our table of 57 features from WAV, FLAC and MP3.

Needs: pip install audioflux soundfile
Usage: features_vs_audioflux.py BENCH STAGES DIR [--rounds 3] [--clips 100]

BENCH is the built program, STAGES the built `cargo bench --bench features`, DIR has WAV files; those that ours cannot read are left out
for both. What is timed, by the least of all rounds, programs taking turns:

- one thread, stages: reading (decoded samples in f32 from the page cache), spectrum and mel. audioFlux's `BFT` is windowed frames,
  transform, power and 128 Slaney bands in one, its `XXCC` the logarithm and 20 coefficients, both in f32. Ours are the stages of the
  table of features: the spectrum (also its magnitudes, in f64, for other features) and the mel stage, which has the bands, decibels and
  20 coefficients, and their means and variances.
- whole processes: two processes of audioFlux that read files and make both, their imports counted and not counted, and
  `bench features --mel --jobs 2` that reads the same files and writes mel spectrograms in decibels.
- `bench features` on the same clips as WAV, FLAC (soundfile's libFLAC) and MP3 (its LAME), whole processes.
"""
import argparse, json, os, pathlib, re, subprocess, sys, tempfile, time


def transforms():
    """Functions from samples to mel power spectrogram, and from that to MFCC."""
    import audioflux as af
    from audioflux.type import SpectralDataType as Data, SpectralFilterBankNormalType as Normal
    from audioflux.type import SpectralFilterBankScaleType as Scale, SpectralFilterBankStyleType as Style
    bands = af.BFT(num=128, samplate=22050, low_fre=0.0, high_fre=11025.0, radix2_exp=11, slide_length=512, scale_type=Scale.MEL,
                   style_type=Style.SLANEY, normal_type=Normal.AREA, data_type=Data.POWER)
    cepstrum = af.XXCC(128)

    def coefficients(mel):
        cepstrum.set_time_length(mel.shape[1])
        return cepstrum.xxcc(mel, 20)
    return lambda samples: bands.bft(samples, result_type=1), coefficients


def both(files):
    """What one process of audioFlux does with its files: milliseconds of reading, mel and MFCC, in all."""
    import soundfile
    mel, coefficients = transforms()
    spent = [0.0, 0.0, 0.0]
    for file in files:
        clock = [time.perf_counter()]
        samples = soundfile.read(file, dtype="float32")[0]
        clock.append(time.perf_counter())
        bands = mel(samples)
        clock.append(time.perf_counter())
        coefficients(bands)
        clock.append(time.perf_counter())
        for at in range(3):
            spent[at] += 1000 * (clock[at + 1] - clock[at])
    return spent


def their_stages(files):
    """Milliseconds a clip, in a process of its own with one thread."""
    env = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, __file__, "--worker", *files], env=env, check=True, stdout=subprocess.PIPE, text=True)
    return [spent / len(files) for spent in json.loads(done.stdout)["spent"]]


def our_stages(stages, folder, clips):
    """The same: reading, spectrum, mel."""
    text = subprocess.run([stages, folder], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return [1000 * float(re.search(rf"{name} +([\d.]+) s", text)[1]) / clips for name in ("Reading", "Spectrum", "Mel")]


def their_whole(files):
    """Seconds of two processes with half of the files each: all of it, and without imports."""
    start = time.perf_counter()
    halves = [subprocess.Popen([sys.executable, __file__, "--worker", *files[part::2]], stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "OMP_NUM_THREADS": "1"}) for part in range(2)]
    working = max(json.loads(half.communicate()[0])["seconds"] for half in halves)
    return time.perf_counter() - start, working


def our_whole(command):
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def converted(files, folder):
    """The same clips as WAV, FLAC and MP3, by format."""
    import soundfile
    for form in ("WAV", "FLAC", "MP3"):
        os.makedirs(folder / form)
        for number, file in enumerate(files):
            samples, rate = soundfile.read(file, dtype="int16")
            soundfile.write(folder / form / f"{number:03}.{form.lower()}", samples, rate, format=form)
    return {form: folder / form for form in ("WAV", "FLAC", "MP3")}


def main():
    if sys.argv[1:2] == ["--worker"]:
        transforms()
        import soundfile  # noqa: F401  counted as an import
        start = time.perf_counter()
        spent = both(sys.argv[2:])
        return print(json.dumps({"spent": spent, "seconds": time.perf_counter() - start}))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench")
    parser.add_argument("stages")
    parser.add_argument("folder")
    parser.add_argument("--rounds", default=3, type=int)
    parser.add_argument("--clips", default=100, type=int)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        report = subprocess.run([args.bench, "features", args.folder, "-o", work / "first.csv", "--json", "--no-cache"], stdout=subprocess.PIPE)
        faulty = {fault["file"] for fault in json.loads(report.stdout)["faults"]}
        files = [str(path) for path in sorted(pathlib.Path(args.folder).rglob("*.wav")) if str(path) not in faulty][: args.clips]
        formats = converted(files, work)
        mel = [args.bench, "features", formats["WAV"], "--mel", work / "mel.npz", "--no-cache", "--quiet", "--jobs", "2"]
        table = [args.bench, "features", "-o", work / "table.csv", "--no-cache", "--quiet", "--jobs", "2"]
        tell = {"stages, theirs": lambda: their_stages(files), "stages, ours": lambda: our_stages(args.stages, formats["WAV"], len(files)),
                "whole, theirs": lambda: their_whole(files), "whole, ours": lambda: [our_whole(mel)],
                **{f"57 features from {form}": lambda folder=folder: [our_whole([*table, folder])] for form, folder in formats.items()}}
        rounds = {name: [] for name in tell}
        for _ in range(args.rounds):
            for name, ask in tell.items():
                rounds[name].append(ask())
        least = {name: [min(column) for column in zip(*all_rounds)] for name, all_rounds in rounds.items()}
        ours, theirs = least["stages, ours"], least["stages, theirs"]
        print(f"{len(files)} clips, {os.cpu_count()} processors, least of {args.rounds} rounds\n\n| one thread, ms a clip | audioFlux | ours |\n|---|---:|---:|")
        print(f"| reading | {theirs[0]:.1f} | {ours[0]:.1f} |\n| mel spectrogram and MFCC | {theirs[1]:.1f} + {theirs[2]:.1f} | {ours[1]:.1f} + {ours[2]:.1f} |")
        print(f"| all | {sum(theirs):.1f} | {sum(ours):.1f} |\n\n| two processors, whole processes, s | |\n|---|---:|")
        print(f"| audioFlux, two processes | {least['whole, theirs'][0]:.2f} |\n| without imports | {least['whole, theirs'][1]:.2f} |")
        print(f"| ours, `bench features --mel` | {least['whole, ours'][0]:.2f} |")
        for form in formats:
            print(f"| ours, 57 features from {form} | {least[f'57 features from {form}'][0]:.2f} |")


if __name__ == "__main__":
    main()
